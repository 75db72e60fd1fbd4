"""The session over a page that stays open: renewed unnoticed, refused, ended, or taken by somebody else."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.e2e.role_dialog import (
    ADMIN,
    PEOPLE,
    admin_is_still_chosen,
    choose_admin,
    expire,
    invited,
    is_admin_now,
    renewals,
    role,
    role_changes,
    search,
    sign_in_over,
)
from tests.e2e.stack import Stack
from tests.e2e.watch import Watched


@pytest.mark.alone
def test_an_expired_token_is_renewed_unnoticed(watched: Watched, stack: Stack) -> None:
    watched.sign_in(ADMIN, PEOPLE)
    before = renewals(stack)
    expire(stack, ADMIN)

    search(watched.page, "Sofie")

    expect(watched.page.locator("#rows tbody tr")).to_have_count(1)
    assert renewals(stack) == before + 1
    watched.check()


@pytest.mark.alone
def test_a_write_with_an_expired_token_is_applied_once(watched: Watched, stack: Stack) -> None:
    name = invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    choose_admin(watched, name)
    before = role_changes(stack)
    expire(stack, ADMIN)

    watched.page.get_by_role("button", name="Save").click()

    is_admin_now(watched.page, name)
    assert (role(stack), role_changes(stack)) == ("admin", before + 1)
    watched.check()


@pytest.mark.alone
def test_a_refused_renewal_opens_sign_in_over_the_form_and_goes_on(watched: Watched, stack: Stack) -> None:
    name = invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    choose_admin(watched, name)
    before = role_changes(stack)
    stack.control("revoke", email=ADMIN)
    expire(stack, ADMIN)

    with watched.expecting(401):
        page.get_by_role("button", name="Save").click()
        dialog = page.get_by_role("dialog", name="Sign in to continue")
        expect(dialog).to_be_visible()
        admin_is_still_chosen(page)
        watched.check()
        stack.control("end_sessions", email=ADMIN)
        window = sign_in_over(page)

        is_admin_now(page, name)
    expect(dialog).to_be_hidden()
    assert (role(stack), role_changes(stack)) == ("admin", before + 1)
    if not window.is_closed():
        window.wait_for_event("close")
    watched.check()


@pytest.mark.alone
def test_somebody_else_s_sign_in_sends_nothing(watched: Watched, stack: Stack) -> None:
    name = invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    choose_admin(watched, name)
    expire(stack, ADMIN)  # before the back-channel may end the session
    stack.control("revoke", email=ADMIN)
    stack.control("end_sessions", email=ADMIN)

    with watched.expecting(401):
        page.get_by_role("button", name="Save").click()
        dialog = page.get_by_role("dialog", name="Sign in to continue")
        sign_in_over(page, "admin@acme.test")
        expect(dialog.get_by_role("alert")).to_contain_text("Somebody else has signed in. Nothing was sent")
        watched.check()
        # The provider knows the stranger by now; the right person gets a choice all the same.
        sign_in_over(page)
        expect(dialog).to_be_hidden()
    admin_is_still_chosen(page)
    assert role(stack) == "member"
    page.get_by_role("button", name="Save").click()
    is_admin_now(page, name)


@pytest.mark.alone
def test_going_back_after_the_session_has_ended_asks_over_the_page(watched: Watched, stack: Stack) -> None:
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    page.get_by_role("link", name="Audit log").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit log")
    stack.control("revoke", email=ADMIN)
    expire(stack, ADMIN)

    with watched.expecting(401):
        page.go_back()
        dialog = page.get_by_role("dialog", name="Sign in to continue")
        expect(dialog).to_be_visible()
        stack.control("end_sessions", email=ADMIN)
        sign_in_over(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("People")
    watched.check()


@pytest.mark.alone
def test_an_operator_no_more_is_led_out_at_the_next_keystroke(watched: Watched, stack: Stack) -> None:
    query = "UPDATE accounts_user SET is_platform_admin = %s WHERE email = 'operator2@dezky.test'"
    watched.sign_in("operator2@dezky.test", "/operator/people/")
    stack.change(query, False)
    try:
        with watched.expecting(403):
            search(watched.page, "Sofie")
            expect(watched.page.get_by_role("heading", name="You can’t use the operator portal")).to_be_visible()
    finally:
        stack.change(query, True)


def test_s2_a_part_that_follows_something_says_that_nobody_uses_it(watched: Watched) -> None:
    watched.sign_in("operator2@dezky.test", "/operator/gates/")
    later = int((time.time() + 25) * 1000)  # a check that has not come back yet
    with watched.page.expect_request(lambda request: request.headers.get("x-dezky-unattended") == "1"):
        watched.visit(f"/operator/gates/?asked={later}")
    watched.check_quiet()
