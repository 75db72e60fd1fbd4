"""Who knocks at a wrong door is refused as designed, and told nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.stack import Stack
from tests.e2e.visitor import Answer, Visitor, browser_session
from tests.e2e.watch import Watched

TURNED_AWAY = ("member@acme.test", "admin@acme.test", "nobody@stray.test", "support@dezky.test")


@pytest.mark.parametrize(
    ("email", "path", "status", "heading"),
    [
        ("member@acme.test", "/admin/acme/", 403, "You don’t have access to this page"),
        ("member@acme.test", "/admin/acme/people/", 403, "You don’t have access to this page"),
        ("admin@acme.test", "/partner/", 403, "You don’t have access to this page"),
        ("nobody@stray.test", "/admin/", 403, "There is no workspace you administer"),
        ("nobody@stray.test", "/admin/acme/", 404, "There is nothing here"),
        ("nobody@stray.test", "/partner/", 403, "You don’t have access to this page"),
        ("nobody@stray.test", "/support/", 403, "You don’t have access to this page"),
    ],
)
def test_a_wrong_door_says_so(email: str, path: str, status: int, heading: str, watched: Watched) -> None:
    watched.sign_in(email)
    watched.visit(path, status)
    expect(watched.page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(watched.page.get_by_role("link", name="Go to the start page")).to_be_visible()


@pytest.mark.parametrize("email", TURNED_AWAY)
def test_the_operator_portal_signs_out_who_is_none(email: str, watched: Watched) -> None:
    watched.sign_in(email)
    with watched.expecting(403):
        watched.page.goto(f"{watched.stack.url}/operator/tenants/")
        expect(watched.page.get_by_role("heading", level=1)).to_have_text("You can’t use the operator portal")
    watched.check()
    expect(watched.page).to_have_url(f"{watched.stack.url}/oidc/operator/signed-out/")
    _has_no_session_left(watched)


def test_without_javascript_a_button_signs_out_who_is_no_operator(open_page: Open) -> None:
    watched = open_page(java_script_enabled=False)
    page = watched.page
    page.goto(watched.stack.url)
    page.locator('button[value="admin@acme.test"]').click()
    answer = page.goto(f"{watched.stack.url}/operator/")

    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("heading", level=1)).to_have_text("You’re being signed out everywhere")
    # GET alone has changed nothing.
    assert page.request.get(f"{watched.stack.url}/admin/acme/", max_redirects=0).status == 200
    page.get_by_role("button", name="Sign out now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You can’t use the operator portal")
    _has_no_session_left(watched)


def test_who_is_turned_away_has_neither_session_nor_token_left(stack: Stack) -> None:
    visitor = Visitor(stack)
    visitor.sign_in("member@globex.test")
    page = visitor.follow(visitor.get("/operator/"))
    assert page.status == 403
    kept = dict(visitor.cookies)
    session = browser_session(stack, kept["dezky-portal"])["oidc_session_id"]

    answer = visitor.post("/operator/not-authorised/", page.csrf)

    assert answer.status == 303
    visitor.follow(answer)
    # The cookies as they were, as a thief would have kept them, open nothing any more.
    thief = Visitor(stack, kept)
    assert thief.get("/").location.startswith("/oidc/portal/login/")
    assert thief.follow(thief.get("/")).url.startswith(stack.identity_url)
    wiped = "ended_at IS NOT NULL AND id_token = '' AND access_token = '' AND refresh_token = ''"
    assert stack.value(f"SELECT {wiped} FROM accounts_oidcsession WHERE id = %s", session) is True


def test_an_operator_s_tab_htmx_request_by_who_is_none_leads_to_the_page(stack: Stack) -> None:
    visitor = Visitor(stack)
    visitor.sign_in("member@acme.test")
    answer = visitor.get("/operator/tenants/?q=a", HX_Request="true")
    assert (answer.status, answer.headers["HX-Redirect"]) == (403, "/operator/not-authorised/")


@pytest.mark.parametrize("rest", ["", "people/", "audit/", "people/00000000-0000-4000-8000-000000000000/role/"])
def test_unknown_foreign_and_suspended_slugs_give_the_same_bytes(rest: str, stack: Stack) -> None:
    visitor = Visitor(stack)
    visitor.sign_in("admin@initech.test")  # initech is this person's own, and suspended
    answers = {slug: visitor.get(f"/admin/{slug}/{rest}") for slug in ("nosuch1", "globex1", "globex", "initech")}

    told = {slug: _without_chance(answer, slug) for slug, answer in answers.items()}
    assert {answer.status for answer in answers.values()} == {404}
    assert len(set(told.values())) == 1, told


@pytest.mark.parametrize("path", ["tenants/{}", "tenants/{}/users", "tenants/{}/audit"])
def test_unknown_foreign_and_suspended_slugs_give_the_same_problem(path: str, stack: Stack) -> None:
    visitor = Visitor(stack)
    visitor.sign_in("admin@initech.test")
    answers = {slug: visitor.get(f"/api/v1/{path.format(slug)}") for slug in ("nosuch1", "globex", "initech")}

    told = {slug: _without_chance(answer, slug) for slug, answer in answers.items()}
    assert {(answer.status, answer.kind) for answer in answers.values()} == {(404, "application/problem+json")}
    assert len(set(told.values())) == 1, told


@pytest.mark.parametrize("slug", ["globex", "umbrella", "initech", "nosuch1"])
def test_an_agent_learns_nothing_of_customers_that_are_not_theirs(slug: str, stack: Stack) -> None:
    visitor = Visitor(stack)
    visitor.sign_in("agent@northwind.test")
    unknown, other = (visitor.get(f"/partner/customers/{name}/") for name in ("nosuch2", slug))
    assert _without_chance(other, slug) == _without_chance(unknown, "nosuch2")
    assert other.status == 404


def _without_chance(answer: Answer, slug: str) -> bytes:
    """Return headers and body without what differs from answer to answer: nonce, CSRF token, id, slug, time."""
    chance = [b"admin@initech.test", slug.encode(), answer.headers["X-Request-Id"].encode()]
    chance += [
        match.encode() for match in re.findall(r"nonce-([\w+/=-]+)", answer.headers.get("Content-Security-Policy", ""))
    ]
    chance += re.findall(rb'csrf(?:-token" content|middlewaretoken" value)="([^"]+)"', answer.body)
    headers = sorted(
        f"{name}: {value}" for name, value in answer.headers.items() if name.lower() not in {"date", "set-cookie"}
    )
    told = "\n".join(headers).encode() + b"\n\n" + answer.body
    for word in chance:
        told = told.replace(word, b"~")
    # A slug's length shows in nothing but the slug itself.
    return re.sub(rb"(?i)content-length: \d+", b"", told)


def _has_no_session_left(watched: Watched) -> None:
    """Demand that this browser is known nowhere any more: neither in both portals nor at the provider."""
    page, stack = watched.page, watched.stack
    for path in ("/", "/operator/"):
        answer = page.request.get(stack.url + path, max_redirects=0)
        assert (answer.status, "/login/" in answer.headers["location"]) == (302, True)
    page.goto(f"{stack.identity_url}/if/user/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the demo")
    expect(page.get_by_text("Signed in in this browser")).to_have_count(0)
