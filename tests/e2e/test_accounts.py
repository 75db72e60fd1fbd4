"""Each account of the demo in a real browser: what it sees, what it may open, and that it gets out again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from devstack.people import PEOPLE
from tests.e2e.accounts import ACCOUNTS, NOT_AUTHORISED, OPERATOR, Account
from tests.e2e.watch import Watched

_PAGES = re.compile(r"/(|me/|admin/.*|partner/.*|operator/.*|support/.*)")


def test_every_account_of_the_demo_has_its_row() -> None:
    assert [(a.email, a.name) for a in ACCOUNTS] == [(p.email, p.name) for p in PEOPLE]


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.email)
def test_a_person_sees_what_is_theirs_and_nothing_else(account: Account, watched: Watched) -> None:
    page = watched.page
    watched.sign_in(account.email)

    watched.check()
    assert page.locator(".appcard b").all_text_contents() == list(account.tiles)
    workspaces = page.get_by_role("region", name="Your workspaces").locator("li b")
    assert workspaces.all_text_contents() == list(account.workspaces)
    assert _statuses(watched, account) == account.statuses

    for path in [path for path, status in account.statuses.items() if status == 200 and _PAGES.fullmatch(path)]:
        watched.visit(path)
        if not path.startswith("/support/"):
            _shows_who_one_is_once(watched, account)

    watched.visit("/")
    watched.sign_out()
    watched.check()
    _is_signed_out_at_the_provider(watched)
    watched.check_quiet()


@pytest.mark.parametrize("email", [a.email for a in ACCOUNTS if OPERATOR in a.tiles])
def test_an_operator_goes_on_to_the_operator_portal(email: str, watched: Watched) -> None:
    page = watched.page
    watched.sign_in(email)
    page.get_by_role("link", name="Operator").click()
    # A password opened the portal: the operator's client asks for the second factor, at the provider.
    expect(page.get_by_role("heading", name="Sign in to Dezky Operator")).to_be_visible()
    watched.choose(email)

    assert watched.path == "/operator/"
    watched.check()
    for path, heading in {"/operator/": "Overview", "/operator/tenants/": "Tenants"}.items():
        watched.visit(path)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.get_by_text("Environment: Demo")).to_be_visible()
    assert page.request.get(f"{watched.stack.url}/api/v1/operator/tenants").status == 200

    watched.sign_out()
    _is_signed_out_at_the_provider(watched)
    assert page.request.get(f"{watched.stack.url}/operator/", max_redirects=0).status == 302


def test_the_support_site_signs_out_at_the_provider_too(watched: Watched) -> None:
    watched.sign_in("support@dezky.test", "/support/")
    watched.page.get_by_role("button", name="Sign out").click()
    expect(watched.page.get_by_role("heading", name="You have been signed out")).to_be_visible()
    _is_signed_out_at_the_provider(watched)


def _statuses(watched: Watched, account: Account) -> dict[str, int]:
    """Return what every address answers this browser; nothing is followed."""
    found = {}
    for path in account.statuses:
        answer = watched.page.request.get(watched.stack.url + path, max_redirects=0)
        found[path] = answer.status
        if path.startswith("/operator/"):
            wanted = "/oidc/operator/login/" if OPERATOR in account.tiles else NOT_AUTHORISED
            assert answer.headers["location"].startswith(wanted)
    return found


def _shows_who_one_is_once(watched: Watched, account: Account) -> None:
    page = watched.page
    expect(page.get_by_role("button", name=f"Your account, {account.name}", exact=True)).to_have_count(1)
    expect(page.locator(".menu__who")).to_have_text(re.compile(f"{account.name}\\s*{account.email}"))
    sidebar = page.locator("nav.side")
    for word in (account.email, account.name):
        assert sidebar.get_by_text(word).count() == 0


def _is_signed_out_at_the_provider(watched: Watched) -> None:
    """Demand that this browser has a session nowhere: the provider asks who one is, it does not know."""
    page = watched.page
    page.goto(f"{watched.stack.identity_url}/if/user/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the demo")
    expect(page.get_by_text("Signed in in this browser")).to_have_count(0)
    page.goto(watched.stack.url)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Sign in to"))
    assert page.url.startswith(watched.stack.identity_url)
