"""A page that stays open while the sign-in service is away: what is done in it waits, and nobody is signed out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.role_dialog import (
    ADMIN,
    PEOPLE,
    admin_is_still_chosen,
    choose_admin,
    expire,
    invited,
    is_admin_now,
    role,
)
from tests.e2e.stack import Stack
from tests.e2e.watch import Watched


def dialog_while_away(watched: Watched, stack: Stack) -> str:
    """Fill in the role dialog, let the token run out, and take the service away; return whose role it is."""
    name = invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    choose_admin(watched, name)
    expire(stack, ADMIN)
    stack.control("down", endpoints=["token"])
    return name


@pytest.mark.alone
def test_a_word_about_a_failure_goes_with_the_next_success(watched: Watched, stack: Stack) -> None:
    name = invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    expire(stack, ADMIN)
    stack.control("down", endpoints=["token"])
    away = page.get_by_text("Sign-in service is away")
    with watched.expecting(503):
        page.get_by_role("button", name=f"Actions for {name}", exact=True).click()
        page.get_by_role("link", name="Change role…").click()
        expect(away).to_be_visible()
    expect(page.locator(".toast")).not_to_contain_text("What you typed")  # nothing was typed

    stack.control("normal")
    expire(stack, ADMIN)
    choose_admin(watched, name)
    expect(away).to_have_count(0)
    watched.check()


@pytest.mark.alone
def test_while_the_provider_is_away_nothing_is_lost_and_nobody_signed_out(watched: Watched, stack: Stack) -> None:
    page, name = watched.page, dialog_while_away(watched, stack)

    with watched.expecting(503):
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Sign-in service is away")).to_be_visible()
    admin_is_still_chosen(page)
    assert role(stack) == "member"
    watched.check()

    stack.control("normal")
    expire(stack, ADMIN)  # no waiting for the pause after a failure
    with watched.expecting(503):
        is_admin_now(page, name, seconds=20)  # by itself: nobody presses again
    expect(page.get_by_text("Sign-in service is away")).to_have_count(0)
    assert role(stack) == "admin"
    watched.check()


@pytest.mark.alone
def test_a_dialog_that_is_closed_while_it_waits_sends_nothing_later(watched: Watched, stack: Stack) -> None:
    page = watched.page
    dialog_while_away(watched, stack)

    with watched.expecting(503):
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Sign-in service is away")).to_be_visible()
        page.locator("dialog#person-dialog").get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Discard changes").click()
        expect(page.locator("dialog#person-dialog")).to_have_count(0)
        stack.control("normal")
        expire(stack, ADMIN)
        expect(page.get_by_text("Sign-in service is away")).to_have_count(0, timeout=20_000)
    assert role(stack) == "member"


@pytest.mark.alone
def test_on_a_phone_a_message_leaves_the_dialogs_buttons_free(open_page: Open, stack: Stack) -> None:
    watched = open_page(width=390, height=844)
    page = watched.page
    dialog_while_away(watched, stack)

    save = page.get_by_role("button", name="Save")
    with watched.expecting(503):
        save.click()
        toast, button = page.locator(".toast").bounding_box(), save.bounding_box()
        assert toast
        assert button
        assert toast["y"] + toast["height"] < button["y"]
        page.get_by_role("button", name="Stop waiting").click()
        expect(save).to_be_focused()


@pytest.mark.alone
def test_an_outage_stops_no_operator_and_every_workspace(watched: Watched, stack: Stack) -> None:
    watched.sign_in("operator2@dezky.test", "/operator/")
    watched.visit("/")  # the portal's session too
    stack.control("down", endpoints=["token"])
    for client in ("portal", "operator"):
        expire(stack, "operator2@dezky.test", client)

    watched.visit("/operator/tenants/")
    watched.visit("/")
    # Closed surfaces say that they can't tell; who is no staff at all is told no, as ever.
    for path, status in {"/admin/": 503, "/partner/": 403, "/support/": 403}.items():
        answer = watched.page.request.get(stack.url + path, max_redirects=0)
        assert (answer.status, "retry-after" in answer.headers) == (status, status == 503), path
    stack.control("normal")
    for client in ("portal", "operator"):
        expire(stack, "operator2@dezky.test", client)
    watched.visit("/operator/")
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("Overview")
