"""Must show: whatever meets an access token that has run out, it is renewed once, and nobody is signed out.

`bin/dezky prove renewal` runs this at its full counts (S4).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from tests.e2e import race, web_server
from tests.e2e.race import Race, Round
from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor, browser_session
from tests.e2e.web_server import Mutation, WebServer

pytestmark = [pytest.mark.alone, pytest.mark.proof]

_IS_FULL = os.environ.get("DEZKY_PROVE") == "full"
ROUNDS = 200 if _IS_FULL else 4
ROUNDS_WITHOUT_BROWSER = 60 if _IS_FULL else 4
ROUNDS_OF_A_MUTANT = 8
AT_ONCE = 16
PATHS = ("/", "/me/", "/admin/acme/", "/admin/acme/people/")


@dataclass(frozen=True)
class Mutant:
    """A fault in the product, and what has to be seen of it."""

    mutation: Mutation
    shows: Callable[[Round], bool]


_READ = '.select_related("user").get(pk=pk)\n        now ='
_LOCK = (f'OIDCSession.objects.select_for_update(of=("self",)){_READ}', f"OIDCSession.objects{_READ}")
_LOOK = ("if session.access_expires_at != seen_expiry and not is_due(session):", "if False:")
_WRITE = ("member = people.change_role(", "for _ in range(2): member = people.change_role(")
_MUTANTS = {
    "no row lock": Mutant(Mutation("accounts.tokens", (_LOCK,)), lambda seen: seen.signed_out == 1),
    "no second look": Mutant(Mutation("accounts.tokens", (_LOOK,)), lambda seen: seen.renewals > 1),
    "writes twice": Mutant(Mutation("tenants.views.people", (_WRITE,)), lambda seen: seen.doubled_writes == 2),
}


@contextmanager
def starting(stack: Stack, browser: Browser, server: WebServer) -> Iterator[Race]:
    """Give a race whose tabs are open."""
    with race.forgetful_roles(stack) as members, race.tabs(browser, stack, server) as pages:
        yield Race(stack, server, pages, members)


def test_eight_tabs_and_two_processes_renew_once(stack: Stack, browser: Browser) -> None:
    with starting(stack, browser, web_server.own(stack)) as running:
        for number in range(ROUNDS):
            seen = running.run(number)
            assert seen.is_right, f"round {number}: {seen}"
    _note(running.summary())
    assert len(running.rounds_by_process) == 2
    assert min(running.rounds_by_process.values()) >= ROUNDS * 3 / 4, "one process alone has served the tabs"


@pytest.mark.parametrize("name", _MUTANTS)
def test_the_race_shows_what_is_missing(stack: Stack, browser: Browser, name: str) -> None:
    """So the test above can fail."""
    mutant = _MUTANTS[name]
    with web_server.mutant(stack, mutant.mutation) as server, starting(stack, browser, server) as running:
        rounds = (running.run(number) for number in range(ROUNDS_OF_A_MUTANT))
        assert any(mutant.shows(seen) for seen in rounds), running.rounds
    _note(f"{name}: seen in round {len(running.rounds)}: {running.rounds[-1].counts}")


def test_sixteen_requests_cause_one_renewal(stack: Stack) -> None:
    """More at once than the six connections of a browser."""
    visitor = Visitor(stack)
    visitor.sign_in("owner@acme.test")
    for number in range(ROUNDS_WITHOUT_BROWSER):
        _expire(stack, visitor)
        before = race.renewals(stack)
        statuses = _at_once(visitor, [PATHS[i % len(PATHS)] for i in range(AT_ONCE)])
        assert statuses == [200] * AT_ONCE, f"round {number}"
        assert race.renewals(stack) - before == 1, f"round {number}"
    assert visitor.get("/admin/acme/").status == 200


def test_sixteen_requests_during_an_outage_sign_nobody_out(stack: Stack) -> None:
    visitor = Visitor(stack)
    visitor.sign_in("owner@acme.test")
    _expire(stack, visitor)
    stack.control("status", code=503, endpoints=["token"])
    statuses = _at_once(visitor, ["/admin/acme/"] * 8 + ["/"] * 8)
    stack.control("normal")
    assert statuses == [503] * 8 + [200] * 8
    _expire(stack, visitor)
    assert visitor.get("/admin/acme/").status == 200


def _expire(stack: Stack, visitor: Visitor) -> None:
    """Let the access token behind a visitor's cookie have run out, and the pause after a failure be over."""
    session = browser_session(stack, visitor.cookies["dezky-portal"])["oidc_session_id"]
    query = """UPDATE accounts_oidcsession SET access_expires_at = now() - interval '1 minute',
        renewal_failed_at = NULL WHERE id = %s"""
    assert stack.change(query, session) == 1


def _at_once(visitor: Visitor, paths: list[str]) -> list[int]:
    """Send requests that all start at the same moment; return their statuses in order."""
    barrier = threading.Barrier(len(paths))

    def send(path: str) -> int:
        barrier.wait(10)
        return visitor.get(path).status

    with ThreadPoolExecutor(len(paths)) as pool:
        return list(pool.map(send, paths))


def _note(line: str) -> None:
    """Print a figure."""
    print(f"renewal: {line}")  # noqa: T201 - for `bin/dezky prove`, and whoever asks pytest for output
