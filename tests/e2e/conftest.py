"""One Dezky for all browser tests, and a browser for each worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from devstack import browser as chromium
from tests.e2e import stack as stacks
from tests.e2e.browsers import Open, opening
from tests.e2e.card_fixtures import aging_desk, desk, either, open_till, shared_till, till_stack, with_card_element
from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor
from tests.e2e.watch import Watched

_FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone: bends the shared Dezky, so no other browser test may run meanwhile")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            # Waiting for the first start and for one's turn counts too.
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory that the workers share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


@pytest.fixture(scope="session")
def shared_stack(base: Path) -> Iterator[Stack]:
    """Give the Dezky that all workers share."""
    running = os.environ.get("DEZKY_E2E_DIR")
    if running:  # while tests are being written: a Dezky that runs already
        yield stacks.running(Path(running))
        return
    with stacks.shared(base) as stack:
        yield stack


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the pictures go."""
    named = os.environ.get("DEZKY_PICTURES")
    directory = Path(named) if named else tmp_path_factory.mktemp("pictures")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture
def stack(shared_stack: Stack, base: Path, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Give the shared Dezky for one test; well-behaved again after those that bend it."""
    is_alone = request.node.get_closest_marker("alone") is not None
    with stacks.turn(base, alone=is_alone):
        yield shared_stack
        if is_alone:
            shared_stack.control("reset")


@pytest.fixture
def visitor(stack: Stack) -> Visitor:
    """Return somebody without a browser and without cookies."""
    return Visitor(stack)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run one Chromium for this worker."""
    program = chromium.find()
    if program is None:
        pytest.skip("there is no Chromium here; bin/dezky test installs one")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser, stack: Stack) -> Iterator[Open]:
    """Return a function that opens a browser of its own, with one watched page; `look` is as of Playwright."""
    with opening(browser, stack) as open_page:
        yield open_page


@pytest.fixture
def watched(open_page: Open) -> Watched:
    """Return a watched page on a wide screen."""
    return open_page()


__all__ = [
    "Open",
    "aging_desk",
    "desk",
    "either",
    "open_till",
    "opening",
    "shared_till",
    "till_stack",
    "with_card_element",
]
