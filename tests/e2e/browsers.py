"""Browsers of their own, each with one watched page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, expect

from tests.e2e.stack import Stack
from tests.e2e.watch import Watched

type Open = Callable[..., Watched]
# As everything else that waits for a page: two cores carry all of it.
expect.set_options(timeout=20_000)


@contextmanager
def opening(browser: Browser, stack: Stack) -> Iterator[Open]:
    """Give what opens watched pages of a Dezky, and close their browsers afterwards."""
    contexts = []

    def open_page(*, width: int = 1440, height: int = 900, **look: Any) -> Watched:
        look = {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce", "locale": "en-GB"} | look
        context = browser.new_context(**look)
        context.set_default_timeout(20_000)
        contexts.append(context)
        return Watched(context.new_page(), stack)

    yield open_page
    for context in contexts:
        context.close()
