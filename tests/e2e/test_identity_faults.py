"""The identity rows of the fault table: down, slow, 5xx and 429 at sign-in and at renewal, on every surface.

`bin/dezky prove identity-faults` runs this, with the rows of `tests/accounts/test_outages.py`.

Each answer comes within six seconds, nobody is signed out, and a slow provider holds at most a quarter of
the workers (A8, S6, O3, Z3).
"""

from __future__ import annotations

import http.client
import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pytest

from devstack.plan import WEB_THREADS, WEB_WORKERS
from tests.e2e import web_server
from tests.e2e.stack import Stack, wait_until
from tests.e2e.visitor import Answer, Visitor

pytestmark = [pytest.mark.alone, pytest.mark.proof]

_IS_FULL = os.environ.get("DEZKY_PROVE") == "full"
SLOWEST_SECONDS = 6.0
_FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "down": ("down", {}),
    "drip": ("drip", {"bytes_per_second": 40}),
    "slow": ("slow", {"seconds": 30}),
    "500": ("status", {"code": 500}),
    "502": ("status", {"code": 502}),
    "429": ("status", {"code": 429}),
}
# What the server asks for itself; the pages that people see there stay as they are.
_MACHINES = ["discovery", "jwks", "token", "userinfo", "introspect", "revoke"]


@dataclass(frozen=True)
class Surface:
    """A request to one surface while the token can't be renewed, and what has to come of it."""

    email: str
    client: str
    method: str
    path: str
    status: int
    data: str = ""
    is_htmx: bool = False


_NOBODY = "00000000-0000-0000-0000-000000000000"
_SURFACES = [
    Surface("owner@acme.test", "portal", "GET", "/", 200),
    Surface("owner@acme.test", "portal", "GET", "/me/", 200),
    Surface("owner@acme.test", "portal", "GET", "/me/sessions/", 200, is_htmx=True),
    Surface("owner@acme.test", "portal", "POST", "/session/refresh/?client=portal", 503),
    Surface("owner@acme.test", "portal", "POST", "/me/sessions/everywhere/", 503),
    Surface("owner@acme.test", "portal", "GET", "/admin/acme/", 503, "Acme Studio"),
    Surface("owner@acme.test", "portal", "GET", "/admin/acme/people/", 503, "member@acme.test"),
    Surface("owner@acme.test", "portal", "GET", "/admin/acme/people/", 503, "member@acme.test", is_htmx=True),
    Surface("owner@acme.test", "portal", "POST", f"/admin/acme/people/{_NOBODY}/role/", 503, is_htmx=True),
    Surface("owner@acme.test", "portal", "GET", "/api/v1/tenants/acme/users", 503, "member@acme.test"),
    Surface("admin@northwind.test", "portal", "GET", "/partner/", 503, "Acme Studio"),
    Surface("admin@northwind.test", "portal", "GET", "/api/v1/partner/customers", 503, "acme"),
    Surface("support@dezky.test", "portal", "GET", "/support/tenants/tenant/", 503, "Acme Studio"),
    Surface("operator@dezky.test", "operator", "GET", "/operator/", 200),
    Surface("operator@dezky.test", "operator", "GET", "/operator/tenants/", 200),
    Surface("operator@dezky.test", "operator", "GET", "/operator/tenants/", 200, is_htmx=True),
    Surface("operator@dezky.test", "operator", "POST", "/session/refresh/?client=operator", 503),
    Surface("operator@dezky.test", "operator", "POST", "/operator/tenants/acme/sign-out/", 503),
    Surface("operator@dezky.test", "operator", "GET", "/api/v1/operator/tenants", 200),
]


@pytest.fixture
def people(stack: Stack) -> dict[Surface, Visitor]:
    """Return who asks each surface, signed in.

    Behind one slow renewal a session waits for no second one. At full counts each surface has a session of
    its own, so that each meets the slow provider itself; reduced, each person has one.
    """
    found: dict[object, Visitor] = {}
    for surface in _SURFACES:
        owner = surface if _IS_FULL else surface.email
        if owner not in found:
            found[owner] = Visitor(stack)
            found[owner].sign_in(surface.email, client=surface.client)
    return {surface: found[surface if _IS_FULL else surface.email] for surface in _SURFACES}


def expire(stack: Stack) -> None:
    """Let every access token have run out, and the pause after a failed renewal be over."""
    assert stack.change(
        "UPDATE accounts_oidcsession SET access_expires_at = now() - interval '1 minute', renewal_failed_at = NULL"
        " WHERE ended_at IS NULL"
    )


def ask(visitor: Visitor, surface: Surface) -> tuple[Answer, float]:
    """Send the surface's request; return the answer and how many seconds it took."""
    headers, body = {"HX-Request": "true"} if surface.is_htmx else {}, ""
    if surface.method == "POST":
        token = "c" * 32
        visitor.cookies["dezky-csrf"] = token
        headers |= {"X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded"}
        body = "reason=test"
    started = time.monotonic()
    answer = visitor.send(surface.method, surface.path, body, headers)
    return answer, time.monotonic() - started


def alive(stack: Stack) -> int:
    return int(stack.value("SELECT count(*) FROM accounts_oidcsession WHERE ended_at IS NULL"))


@pytest.mark.parametrize("fault", _FAULTS)
def test_at_renewal_each_surface_gives_what_its_row_says(
    stack: Stack, people: dict[Surface, Visitor], fault: str
) -> None:
    action, words = _FAULTS[fault]
    before = alive(stack)
    stack.control(action, endpoints=_MACHINES, **words)
    for surface in _SURFACES:
        expire(stack)
        answer, seconds = ask(people[surface], surface)
        assert (surface.method, surface.path, answer.status) == (surface.method, surface.path, surface.status)
        assert seconds < SLOWEST_SECONDS, (surface.path, seconds)
        if surface.status == 503:
            assert int(answer.headers["Retry-After"]) > 0
            assert not surface.data or surface.data not in answer.text
            assert "Location" not in answer.headers
    stack.control("normal")
    assert alive(stack) == before
    expire(stack)
    for surface in _SURFACES:
        if surface.method == "GET":
            answer, _ = ask(people[surface], surface)
            assert (surface.path, answer.status) == (surface.path, 200)
            assert surface.data in answer.text


@pytest.mark.parametrize("fault", _FAULTS)
def test_at_sign_in_a_page_says_so_within_six_seconds(stack: Stack, visitor: Visitor, fault: str) -> None:
    action, words = _FAULTS[fault]
    before = alive(stack)
    callback = visitor.callback("owner@acme.test")
    stack.control(action, endpoints=_MACHINES, **words)
    started = time.monotonic()
    answer = visitor.get(callback)
    assert (answer.status, time.monotonic() - started < SLOWEST_SECONDS) == (503, True)
    assert int(answer.headers["Retry-After"]) > 0
    assert "Try again" in answer.text
    stack.control("normal")
    assert alive(stack) == before
    visitor.sign_in("owner@acme.test")
    assert visitor.get("/me/").status == 200


@pytest.mark.parametrize("fault", ["slow", "drip"])
def test_a_slow_provider_holds_at_most_a_quarter_of_the_workers(stack: Stack, fault: str) -> None:
    """Each of 24 people brings a token that has run out, at the same moment; strangers go on being served."""
    action, words = _FAULTS[fault]
    crowd = [Visitor(stack) for _ in range(24)]
    for visitor in crowd:
        visitor.sign_in("owner@acme.test")
    before = alive(stack)
    expire(stack)
    stack.control(action, endpoints=_MACHINES, **words)
    barrier = threading.Barrier(len(crowd) + 1)

    def knock(visitor: Visitor) -> tuple[int, float]:
        barrier.wait(10)
        started = time.monotonic()
        return visitor.get("/me/").status, time.monotonic() - started

    with ThreadPoolExecutor(len(crowd)) as pool:
        answers = [pool.submit(knock, visitor) for visitor in crowd]
        barrier.wait(10)
        time.sleep(1.0)  # by now the slow calls are known to be slow
        strangers = []
        for _ in range(10):
            started = time.monotonic()
            assert Visitor(stack).get("/healthz").status == 200
            strangers.append(time.monotonic() - started)
        found = [answer.result() for answer in answers]
    stack.control("normal")
    held = [seconds for _, seconds in found if seconds > 2.0]
    assert {status for status, _ in found} == {200}
    assert len(held) <= WEB_WORKERS * WEB_THREADS // 4, sorted(seconds for _, seconds in found)
    assert len(held) >= 1, "nobody met the slow provider: this test would prove nothing"
    assert max(seconds for _, seconds in found) < SLOWEST_SECONDS
    assert max(strangers) < 1.0
    assert alive(stack) == before


def test_a_crash_between_the_token_answer_and_the_commit_means_sign_in_over_the_page(
    stack: Stack, visitor: Visitor
) -> None:
    visitor.sign_in("owner@acme.test")
    before, issued = alive(stack), _access_tokens(stack)
    expire(stack)
    stack.control("slow", seconds=4, endpoints=["token"], after=True)
    with web_server.another(stack) as doomed, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(Visitor(replace(stack, port=doomed.port), visitor.cookies).get, "/admin/acme/people/")
        wait_until(lambda: _access_tokens(stack) > issued, seconds=10, what="the provider has rotated the token")
        doomed.kill()
        with pytest.raises((OSError, http.client.HTTPException)):
            asked.result()
    stack.control("normal")
    assert alive(stack) == before, "nobody knows yet"

    for method, path in (("GET", "/admin/acme/people/"), ("POST", "/session/refresh/?client=portal")):
        answer, _ = ask(visitor, Surface("owner@acme.test", "portal", method, path, 401, is_htmx=True))
        assert (path, answer.status, answer.headers["Location"]) == (path, 401, None)
    assert alive(stack) == before - 1
    visitor.sign_in("owner@acme.test")
    assert visitor.get("/admin/acme/people/", HX_Request="true").status == 200


def _access_tokens(stack: Stack) -> int:
    """Return how many the provider has issued: one more is there as soon as a refresh token is spent."""
    with closing(sqlite3.connect(f"file:{stack.directory / 'identity.sqlite3'}?mode=ro", uri=True)) as store:
        return int(store.execute("SELECT count(*) FROM tokens WHERE kind = 'access'").fetchone()[0])
