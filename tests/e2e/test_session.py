"""The session over a page that stays open: renewed unnoticed, refused, or the provider away."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.stack import Stack
from tests.e2e.watch import Watched

PEOPLE = "/admin/globex/people/"
ADMIN, MEMBER = "admin@globex.test", "member@globex.test"
_SESSIONS = "client = %s AND ended_at IS NULL AND user_id = (SELECT id FROM accounts_user WHERE email = %s)"


def expire(stack: Stack, email: str, client: str = "portal") -> None:
    """Let the access tokens of a person's living sessions have run out."""
    query = "UPDATE accounts_oidcsession SET access_expires_at = now() - interval '1 minute', renewal_failed_at = NULL"
    assert stack.change(f"{query} WHERE {_SESSIONS}", client, email) >= 1


def _search(page: Page, text: str) -> None:
    page.get_by_role("searchbox", name="Search people").fill(text)


def _invited(stack: Stack) -> str:
    """Make globex's member an invited one, whose role may be changed, and return the name."""
    query = """UPDATE tenants_membership SET source = 'invited', role = 'member' FROM accounts_user u, tenants_tenant t
        WHERE u.id = user_id AND t.id = tenant_id AND u.email = %s AND t.slug = 'globex' RETURNING u.name"""
    return str(stack.value(query, MEMBER))


def _role(stack: Stack) -> str:
    query = """SELECT m.role FROM tenants_membership m JOIN accounts_user u ON u.id = m.user_id
        JOIN tenants_tenant t ON t.id = m.tenant_id WHERE t.slug = 'globex' AND u.email = %s"""
    return str(stack.value(query, MEMBER))


def _role_changes(stack: Stack) -> int:
    query = """SELECT count(*) FROM tenants_auditevent a JOIN tenants_tenant t ON t.id = a.tenant_id
        WHERE t.slug = 'globex' AND a.action = 'people:role:change'"""
    return int(stack.value(query))


def _renewals(stack: Stack) -> int:
    return int(stack.control("counts")["counts"].get("token:refresh_token", 0))


def _choose_admin(watched: Watched, name: str) -> None:
    page = watched.page
    page.get_by_role("button", name=f"Actions for {name}", exact=True).click()
    page.get_by_role("link", name="Change role…").click()
    page.locator("dialog#person-dialog").get_by_role("radio", name=re.compile("^Admin")).check()


def _is_admin_now(page: Page, name: str, *, seconds: int = 5) -> None:
    """Demand the message, and that the dialog has gone, backdrop and all."""
    expect(page.get_by_text(f"{name} is now admin.")).to_be_visible(timeout=seconds * 1000)
    expect(page.locator("dialog#person-dialog")).to_have_count(0)


@pytest.mark.alone
def test_an_expired_token_is_renewed_unnoticed(watched: Watched, stack: Stack) -> None:
    watched.sign_in(ADMIN, PEOPLE)
    before = _renewals(stack)
    expire(stack, ADMIN)

    _search(watched.page, "Sofie")

    expect(watched.page.locator("#rows tbody tr")).to_have_count(1)
    assert _renewals(stack) == before + 1
    watched.check()


@pytest.mark.alone
def test_a_write_with_an_expired_token_is_applied_once(watched: Watched, stack: Stack) -> None:
    name = _invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    _choose_admin(watched, name)
    before = _role_changes(stack)
    expire(stack, ADMIN)

    watched.page.get_by_role("button", name="Save").click()

    _is_admin_now(watched.page, name)
    assert (_role(stack), _role_changes(stack)) == ("admin", before + 1)
    watched.check()


@pytest.mark.alone
def test_a_refused_renewal_opens_sign_in_over_the_form_and_goes_on(watched: Watched, stack: Stack) -> None:
    name = _invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    _choose_admin(watched, name)
    before = _role_changes(stack)
    stack.control("revoke", email=ADMIN)
    expire(stack, ADMIN)

    with watched.expecting(401):
        page.get_by_role("button", name="Save").click()
        dialog = page.get_by_role("dialog", name="Sign in to continue")
        expect(dialog).to_be_visible()
        expect(page.locator("dialog#person-dialog").get_by_role("radio", name=re.compile("^Admin"))).to_be_checked()
        watched.check()
        stack.control("end_sessions", email=ADMIN)
        with page.expect_popup() as popup:
            dialog.get_by_role("link", name="Sign in").click()
        popup.value.locator(f'button[value="{ADMIN}"]').click()

        _is_admin_now(page, name)
    expect(dialog).to_be_hidden()
    assert (_role(stack), _role_changes(stack)) == ("admin", before + 1)
    if not popup.value.is_closed():
        popup.value.wait_for_event("close")
    watched.check()


@pytest.mark.alone
def test_somebody_else_s_sign_in_sends_nothing(watched: Watched, stack: Stack) -> None:
    name = _invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    _choose_admin(watched, name)
    expire(stack, ADMIN)  # before the back-channel may end the session
    stack.control("revoke", email=ADMIN)
    stack.control("end_sessions", email=ADMIN)

    with watched.expecting(401):
        page.get_by_role("button", name="Save").click()
        dialog = page.get_by_role("dialog", name="Sign in to continue")
        with page.expect_popup() as popup:
            dialog.get_by_role("link", name="Sign in").click()
        popup.value.locator('button[value="admin@acme.test"]').click()
        expect(dialog.get_by_role("alert")).to_contain_text("Somebody else has signed in. Nothing was sent")
        watched.check()
        # The provider knows the stranger by now; the right person gets a choice all the same.
        with page.expect_popup() as popup:
            dialog.get_by_role("link", name="Sign in").click()
        popup.value.locator(f'button[value="{ADMIN}"]').click()
        expect(dialog).to_be_hidden()
    expect(page.locator("dialog#person-dialog").get_by_role("radio", name=re.compile("^Admin"))).to_be_checked()
    assert _role(stack) == "member"
    page.get_by_role("button", name="Save").click()
    _is_admin_now(page, name)


def _sign_in_in_another_tab(watched: Watched, email: str) -> None:
    tab = watched.page.context.new_page()
    tab.goto(f"{watched.stack.url}/oidc/portal/login/?again=1")
    tab.locator(f'button[value="{email}"]').click()
    tab.wait_for_url(f"{watched.stack.url}/**")
    tab.close()


@pytest.mark.alone
def test_a_form_from_before_a_sign_in_in_another_tab_is_saved(watched: Watched, stack: Stack) -> None:
    name = _invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    _choose_admin(watched, name)
    before = _role_changes(stack)
    _sign_in_in_another_tab(watched, ADMIN)

    with watched.expecting(403):
        watched.page.get_by_role("button", name="Save").click()
        _is_admin_now(watched.page, name)
    assert _role_changes(stack) == before + 1
    watched.check()


@pytest.mark.alone
def test_a_form_is_not_saved_for_somebody_who_signed_in_in_another_tab(watched: Watched, stack: Stack) -> None:
    name = _invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    _choose_admin(watched, name)
    before = _role_changes(stack)
    _sign_in_in_another_tab(watched, "owner@acme.test")

    with watched.expecting(403):
        page.get_by_role("button", name="Save").click()
        dialog = page.get_by_role("dialog", name="Sign in to continue")
        expect(dialog.get_by_role("alert")).to_contain_text("Somebody else has signed in. Nothing was sent")
        with page.expect_popup() as popup:
            dialog.get_by_role("link", name="Sign in").click()
        popup.value.locator(f'button[value="{ADMIN}"]').click()
        expect(dialog).to_be_hidden()
    assert (_role(stack), _role_changes(stack)) == ("member", before)
    page.get_by_role("button", name="Save").click()
    _is_admin_now(page, name)
    watched.check()


@pytest.mark.alone
def test_a_word_about_a_failure_goes_with_the_next_success(watched: Watched, stack: Stack) -> None:
    name = _invited(stack)
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
    _choose_admin(watched, name)
    expect(away).to_have_count(0)
    watched.check()


@pytest.mark.alone
def test_while_the_provider_is_away_nothing_is_lost_and_nobody_signed_out(watched: Watched, stack: Stack) -> None:
    name = _invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    _choose_admin(watched, name)
    expire(stack, ADMIN)
    stack.control("down", endpoints=["token"])

    with watched.expecting(503):
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Sign-in service is away")).to_be_visible()
    expect(page.locator("dialog#person-dialog").get_by_role("radio", name=re.compile("^Admin"))).to_be_checked()
    assert _role(stack) == "member"
    watched.check()

    stack.control("normal")
    expire(stack, ADMIN)  # no waiting for the pause after a failure
    with watched.expecting(503):
        _is_admin_now(page, name, seconds=20)  # by itself: nobody presses again
    expect(page.get_by_text("Sign-in service is away")).to_have_count(0)
    assert _role(stack) == "admin"
    watched.check()


@pytest.mark.alone
def test_a_dialog_that_is_closed_while_it_waits_sends_nothing_later(watched: Watched, stack: Stack) -> None:
    name = _invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    _choose_admin(watched, name)
    expire(stack, ADMIN)
    stack.control("down", endpoints=["token"])

    with watched.expecting(503):
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Sign-in service is away")).to_be_visible()
        page.locator("dialog#person-dialog").get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Discard changes").click()
        expect(page.locator("dialog#person-dialog")).to_have_count(0)
        stack.control("normal")
        expire(stack, ADMIN)
        expect(page.get_by_text("Sign-in service is away")).to_have_count(0, timeout=20_000)
    assert _role(stack) == "member"


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
        with page.expect_popup() as popup:
            dialog.get_by_role("link", name="Sign in").click()
        popup.value.locator(f'button[value="{ADMIN}"]').click()
        expect(page.get_by_role("heading", level=1)).to_have_text("People")
    watched.check()


@pytest.mark.alone
def test_an_operator_no_more_is_led_out_at_the_next_keystroke(watched: Watched, stack: Stack) -> None:
    query = "UPDATE accounts_user SET is_platform_admin = %s WHERE email = 'operator2@dezky.test'"
    watched.sign_in("operator2@dezky.test", "/operator/people/")
    stack.change(query, False)
    try:
        with watched.expecting(403):
            _search(watched.page, "Sofie")
            expect(watched.page.get_by_role("heading", name="You can’t use the operator portal")).to_be_visible()
    finally:
        stack.change(query, True)


@pytest.mark.alone
def test_on_a_phone_a_message_leaves_the_dialogs_buttons_free(open_page: Open, stack: Stack) -> None:
    name = _invited(stack)
    watched = open_page(width=390, height=844)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    _choose_admin(watched, name)
    expire(stack, ADMIN)
    stack.control("down", endpoints=["token"])

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


def _sign_in_beside(page: Page, stack: Stack, email: str, client: str = "portal") -> None:
    """Sign in in the same browser without a page that could tell the others."""
    there = page.request.get(f"{stack.url}/oidc/{client}/login/?again=1&next=/{'operator/' * (client == 'operator')}")
    assert page.request.post(there.url, form={"username": email}).status == 200


@pytest.mark.alone
@pytest.mark.parametrize("client", ["portal", "operator"])
def test_a_sign_in_beside_leaves_the_form_of_this_tab_good(watched: Watched, stack: Stack, client: str) -> None:
    """Each sign-in changes the CSRF token, which both clients share."""
    name = _invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    _choose_admin(watched, name)
    before = _role_changes(stack)
    if client == "operator":
        stack.control("groups", email=ADMIN, groups=["dezky-platform-admins", "dezky-tenant-globex-admins"])
    _sign_in_beside(watched.page, stack, ADMIN, client)

    with watched.expecting(403):
        watched.page.get_by_role("button", name="Save").click()
        _is_admin_now(watched.page, name)
    assert (_role(stack), _role_changes(stack)) == ("admin", before + 1)
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
    name = _invited(stack)
    watched.sign_in(ADMIN, PEOPLE)
    page = watched.page
    _choose_admin(watched, name)
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
    assert _role(stack) == "member"
    expect(page.locator("dialog#person-dialog").get_by_role("radio", name=re.compile("^Admin"))).to_be_checked()


def test_s2_a_part_that_follows_something_says_that_nobody_uses_it(watched: Watched) -> None:
    watched.sign_in("operator2@dezky.test", "/operator/gates/")
    later = int((time.time() + 25) * 1000)  # a check that has not come back yet
    with watched.page.expect_request(lambda request: request.headers.get("x-dezky-unattended") == "1"):
        watched.visit(f"/operator/gates/?asked={later}")
    watched.check_quiet()
