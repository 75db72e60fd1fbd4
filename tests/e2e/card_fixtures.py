"""Who stands at the form of a card in the tests, and with which Element.

Their Dezky is one of its own, shared by all workers: each test adds a workspace, and some bend Stripe.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e import stack as stacks
from tests.e2e import web_server
from tests.e2e.browsers import Open, opening
from tests.e2e.card_desk import AGING, EMAIL, Desk, control, new_workspace
from tests.e2e.stack import Stack
from tests.e2e.watch import Watched
from tests.e2e.web_server import WebServer


def stand_at_desk(watched: Watched, origin: str = "", email: str = EMAIL) -> Desk:
    """Sign in the owner of a workspace that has never paid."""
    slug = new_workspace(watched.stack, email)
    watched.sign_in(email, f"/admin/{slug}/")
    return Desk(watched, slug, origin)


@pytest.fixture(scope="session")
def shared_till(base: Path) -> Iterator[Stack]:
    """Give the Dezky of these tests."""
    running = os.environ.get("DEZKY_E2E_DIR")
    if running:
        yield stacks.running(Path(running))
        return
    with stacks.shared(base, "till") as stack:
        yield stack


@pytest.fixture
def till_stack(shared_till: Stack, base: Path, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Give it for one test; alone to those that bend Stripe."""
    turns = base / "till-turns"
    turns.mkdir(exist_ok=True)
    is_alone = request.node.get_closest_marker("alone") is not None
    with stacks.turn(turns, alone=is_alone):
        yield shared_till
        if is_alone:
            control(shared_till, action="faults", kind="normal")


@pytest.fixture
def open_till(browser: Browser, till_stack: Stack) -> Iterator[Open]:
    """Return a function that opens a browser of its own at it, with one watched page."""
    with opening(browser, till_stack) as open_page:
        yield open_page


@pytest.fixture
def desk(open_till: Open) -> Iterator[Desk]:
    """Give the form to the owner of a workspace without a customer."""
    desk = stand_at_desk(open_till())
    yield desk
    desk.page.unroute_all()
    desk.watched.check_quiet()


@pytest.fixture
def aging_desk(open_till: Open) -> Iterator[Desk]:
    """Give the form to somebody whose session may grow old."""
    desk = stand_at_desk(open_till(), email=AGING)
    yield desk
    desk.watched.check_quiet()


@pytest.fixture(scope="module")
def with_card_element(shared_till: Stack) -> Iterator[WebServer]:
    """Run a second web server whose form shows the Card Element."""
    with web_server.another(shared_till, STRIPE_ELEMENT="card") as server:
        yield server


@pytest.fixture(params=["payment", "card"])
def either(request: pytest.FixtureRequest, open_till: Open) -> Iterator[Desk]:
    """Give the form once with each Element."""
    origin = request.getfixturevalue("with_card_element").url if request.param == "card" else ""
    desk = stand_at_desk(open_till(), origin)
    yield desk
    desk.page.unroute_all()
    desk.watched.check_quiet()
