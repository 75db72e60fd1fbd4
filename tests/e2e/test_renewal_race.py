"""Many requests meet an expired access token at once: one renewal at the provider, and nobody is signed out."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor, browser_session

ROUNDS = 60 if os.environ.get("DEZKY_PROVE") == "full" else 4
AT_ONCE = 16
PATHS = ("/", "/me/", "/admin/acme/", "/admin/acme/people/")


def expire(stack: Stack, visitor: Visitor, cookie: str = "dezky-portal") -> None:
    """Let the access token behind a visitor's cookie have run out."""
    session = browser_session(stack, visitor.cookies[cookie])["oidc_session_id"]
    query = "UPDATE accounts_oidcsession SET access_expires_at = now() - interval '1 minute' WHERE id = %s"
    assert stack.change(query, session) == 1


@pytest.mark.alone
@pytest.mark.proof
def test_sixteen_requests_cause_one_renewal(stack: Stack) -> None:
    visitor = Visitor(stack)
    visitor.sign_in("owner@acme.test")
    for number in range(ROUNDS):
        expire(stack, visitor)
        before = _renewals(stack)
        statuses = _at_once(visitor, [PATHS[i % len(PATHS)] for i in range(AT_ONCE)])
        assert statuses == [200] * AT_ONCE, f"round {number}"
        assert _renewals(stack) - before == 1, f"round {number}"
    assert visitor.get("/admin/acme/").status == 200


@pytest.mark.alone
def test_renewals_by_the_script_and_by_pages_are_one(stack: Stack) -> None:
    visitor = Visitor(stack)
    csrf = visitor.follow(visitor.sign_in("owner@acme.test")).csrf
    expire(stack, visitor)
    before = _renewals(stack)

    def refresh(_: int) -> int:
        return visitor.send("POST", "/session/refresh/?client=portal", headers={"X-CSRFToken": csrf}).status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(refresh, range(AT_ONCE))) == [204] * AT_ONCE
    assert _renewals(stack) - before == 1


@pytest.mark.alone
def test_sixteen_requests_during_an_outage_sign_nobody_out(stack: Stack) -> None:
    visitor = Visitor(stack)
    visitor.sign_in("owner@acme.test")
    expire(stack, visitor)
    stack.control("status", code=503, endpoints=["token"])
    statuses = _at_once(visitor, ["/admin/acme/"] * 8 + ["/"] * 8)
    stack.control("normal")
    assert statuses == [503] * 8 + [200] * 8
    expire(stack, visitor)
    _forget_failure(stack)
    assert visitor.get("/admin/acme/").status == 200


def _at_once(visitor: Visitor, paths: list[str]) -> list[int]:
    """Send requests that all start at the same moment; return their statuses in order."""
    barrier = threading.Barrier(len(paths))

    def send(path: str) -> int:
        barrier.wait(10)
        return visitor.get(path).status

    with ThreadPoolExecutor(len(paths)) as pool:
        return list(pool.map(send, paths))


def _renewals(stack: Stack) -> int:
    return int(stack.control("counts")["counts"].get("token:refresh_token", 0))


def _forget_failure(stack: Stack) -> None:
    """Let the pause after a failed renewal be over."""
    stack.change("UPDATE accounts_oidcsession SET renewal_failed_at = NULL")
