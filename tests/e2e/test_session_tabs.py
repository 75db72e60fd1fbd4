"""A page that stays open while somebody signs in in another tab of the same browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.role_dialog import (
    ADMIN,
    PEOPLE,
    admin_is_still_chosen,
    choose_admin,
    invited,
    is_admin_now,
    role,
    role_changes,
    sign_in_over,
)
from tests.e2e.stack import Stack
from tests.e2e.watch import Watched


def _sign_in_in_another_tab(watched: Watched, email: str) -> None:
    tab = watched.page.context.new_page()
    tab.goto(f"{watched.stack.url}/oidc/portal/login/?again=1")
    tab.locator(f'button[value="{email}"]').click()
    tab.wait_for_url(f"{watched.stack.url}/**")
    tab.close()


@pytest.mark.alone
def test_a_form_is_not_saved_for_somebody_who_signed_in_in_another_tab(watched: Watched, stack: Stack) -> None:
    name = invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    choose_admin(watched, name)
    before = role_changes(stack)
    _sign_in_in_another_tab(watched, "owner@acme.test")

    with watched.expecting(403):
        page.get_by_role("button", name="Save").click()
        dialog = page.get_by_role("dialog", name="Sign in to continue")
        expect(dialog.get_by_role("alert")).to_contain_text("Somebody else has signed in. Nothing was sent")
        sign_in_over(page)
        expect(dialog).to_be_hidden()
    assert (role(stack), role_changes(stack)) == ("member", before)
    page.get_by_role("button", name="Save").click()
    is_admin_now(page, name)
    watched.check()


def _sign_in_beside(page: Page, stack: Stack, email: str, client: str = "portal") -> None:
    """Sign in in the same browser without a page that could tell the others."""
    there = page.request.get(f"{stack.url}/oidc/{client}/login/?again=1&next=/{'operator/' * (client == 'operator')}")
    assert page.request.post(there.url, form={"username": email}).status == 200


@pytest.mark.alone
@pytest.mark.parametrize("client", ["portal", "operator"])
def test_a_sign_in_beside_leaves_the_form_of_this_tab_good(watched: Watched, stack: Stack, client: str) -> None:
    """Each sign-in changes the CSRF token, which both clients share."""
    name = invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    choose_admin(watched, name)
    before = role_changes(stack)
    if client == "operator":
        stack.control("groups", email=ADMIN, groups=["dezky-platform-admins", "dezky-tenant-globex-admins"])
    _sign_in_beside(watched.page, stack, ADMIN, client)

    with watched.expecting(403):
        watched.page.get_by_role("button", name="Save").click()
        is_admin_now(watched.page, name)
    assert (role(stack), role_changes(stack)) == ("admin", before + 1)
    watched.check()


@pytest.mark.alone
def test_a_sign_in_in_another_tab_leaves_signing_out_good(watched: Watched, stack: Stack) -> None:
    """A form that no script sends has its token renewed by what the other tab tells."""
    watched.sign_in(ADMIN, "/me/")
    other = watched.page.context.new_page()
    other.goto(f"{stack.url}/oidc/portal/login/?again=1&next=/me/")
    other.locator(f'button[name="username"][value="{ADMIN}"]').click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Profile")
    watched.sign_out()


@pytest.mark.alone
def test_what_somebody_else_s_tab_renews_sends_nothing_of_this_one(watched: Watched, stack: Stack) -> None:
    name = invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    choose_admin(watched, name)
    token = "document.querySelector('meta[name=csrf-token]').content"
    before = page.evaluate(token)
    other = page.context.new_page()
    other.goto(f"{stack.url}/oidc/portal/login/?again=1&next=/me/")
    other.locator('button[name="username"][value="admin@acme.test"]').click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Profile")
    other.wait_for_load_state()  # with its scripts
    renewed = other.evaluate(
        """async () => {
            const name = performance.getEntriesByType('resource').map(e => e.name).find(n => /js.renewal/.test(n));
            return (await import(name)).renewOnce(Date.now());
        }"""
    )
    assert renewed == "renewed"

    page.wait_for_timeout(300)  # what the other tab tells arrives, or does not
    assert page.evaluate(token) == before
    with watched.expecting(403):
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("dialog", name="Sign in to continue")).to_be_visible()
    assert role(stack) == "member"
    admin_is_still_chosen(page)
