"""Which call goes where: a method and a pattern such as `/v1/setup_intents/{}/confirm`, and its handler."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from devstack.payments.objects import Object
from devstack.payments.store import Shelf
from devstack.standin import Response

_IDENTIFIER = r"([A-Za-z0-9_.-]{1,255})"


@dataclass(frozen=True)
class Call:
    """One call; `ids` are what the pattern's braces stand for, in order.

    `now` is the stand-in's clock in Unix seconds, `is_public` says that it came with the publishable key, and
    `base_url` is where the stand-in itself is reached, and `publishable_key` what its own pages give to Stripe.js.
    """

    shelf: Shelf
    method: str
    path: str
    ids: tuple[str, ...]
    params: dict[str, Any]
    now: int
    is_public: bool = False
    base_url: str = ""
    publishable_key: str = ""
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Object | Response]


@dataclass(frozen=True)
class Route:
    """One method at one pattern.

    `is_public` lets the publishable key in beside the secret one, `is_open` asks for no key at all: a page.
    """

    method: str
    pattern: str
    handler: Handler
    is_public: bool = False
    is_open: bool = False

    @property
    def name(self) -> str:
        """Return method and pattern, as faults name a route."""
        return f"{self.method} {self.pattern}"

    def match(self, method: str, path: str) -> tuple[str, ...] | None:
        """Return the ids in the path, or None if this is another route."""
        found = _compiled(self.pattern).fullmatch(path) if method == self.method else None
        return found.groups() if found else None


def find(routes: Iterable[Route], method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Return the first route that takes this call, with the ids in its path; exact patterns come first."""
    for route in sorted(routes, key=lambda each: each.pattern.count("{}")):
        ids = route.match(method, path)
        if ids is not None:
            return route, ids
    return None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_IDENTIFIER.join(re.escape(part) for part in pattern.split("{}")))
