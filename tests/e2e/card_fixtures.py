"""Who stands at the form of a card in the tests, and with which Element."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e import web_server
from tests.e2e.card_desk import EMAIL, Desk, new_workspace
from tests.e2e.stack import Stack
from tests.e2e.watch import Watched
from tests.e2e.web_server import WebServer


def stand_at_desk(watched: Watched, origin: str = "") -> Desk:
    """Sign in the owner of a workspace that has never paid."""
    slug = new_workspace(watched.stack)
    watched.sign_in(EMAIL, f"/admin/{slug}/")
    return Desk(watched, slug, origin)


@pytest.fixture
def desk(watched: Watched) -> Iterator[Desk]:
    """Give the form to the owner of a workspace without a customer."""
    desk = stand_at_desk(watched)
    yield desk
    desk.page.unroute_all()
    watched.check_quiet()


@pytest.fixture(scope="module")
def with_card_element(shared_stack: Stack) -> Iterator[WebServer]:
    """Run a second web server whose form shows the Card Element."""
    with web_server.another(shared_stack, STRIPE_ELEMENT="card") as server:
        yield server


@pytest.fixture(params=["payment", "card"])
def either(request: pytest.FixtureRequest, watched: Watched) -> Iterator[Desk]:
    """Give the form once with each Element."""
    origin = request.getfixturevalue("with_card_element").url if request.param == "card" else ""
    desk = stand_at_desk(watched, origin)
    yield desk
    desk.page.unroute_all()
    watched.check_quiet()
