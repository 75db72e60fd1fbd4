"""Globex's admin at the dialog that changes a role: a form that a session can end under."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.stack import Stack
from tests.e2e.watch import Watched

PEOPLE = "/admin/globex/people/"
ADMIN, MEMBER = "admin@globex.test", "member@globex.test"
_SESSIONS = "client = %s AND ended_at IS NULL AND user_id = (SELECT id FROM accounts_user WHERE email = %s)"


def expire(stack: Stack, email: str, client: str = "portal") -> None:
    """Let the access tokens of a person's living sessions have run out."""
    query = "UPDATE accounts_oidcsession SET access_expires_at = now() - interval '1 minute', renewal_failed_at = NULL"
    assert stack.change(f"{query} WHERE {_SESSIONS}", client, email) >= 1


def search(page: Page, text: str) -> None:
    """Filter the list of people."""
    page.get_by_role("searchbox", name="Search people").fill(text)


def invited(stack: Stack) -> str:
    """Make globex's member an invited one, whose role may be changed, and return the name."""
    query = """UPDATE tenants_membership SET source = 'invited', role = 'member' FROM accounts_user u, tenants_tenant t
        WHERE u.id = user_id AND t.id = tenant_id AND u.email = %s AND t.slug = 'globex' RETURNING u.name"""
    return str(stack.value(query, MEMBER))


def role(stack: Stack) -> str:
    """Return the member's role in the database."""
    query = """SELECT m.role FROM tenants_membership m JOIN accounts_user u ON u.id = m.user_id
        JOIN tenants_tenant t ON t.id = m.tenant_id WHERE t.slug = 'globex' AND u.email = %s"""
    return str(stack.value(query, MEMBER))


def role_changes(stack: Stack) -> int:
    """Return how often a role was changed in globex, by its log."""
    query = """SELECT count(*) FROM tenants_auditevent a JOIN tenants_tenant t ON t.id = a.tenant_id
        WHERE t.slug = 'globex' AND a.action = 'people:role:change'"""
    return int(stack.value(query))


def renewals(stack: Stack) -> int:
    """Return how often the provider has been asked for a renewal."""
    return int(stack.control("counts")["counts"].get("token:refresh_token", 0))


def choose_admin(watched: Watched, name: str) -> None:
    """Open the role dialog of somebody, and choose admin."""
    page = watched.page
    page.get_by_role("button", name=f"Actions for {name}", exact=True).click()
    page.get_by_role("link", name="Change role…").click()
    page.locator("dialog#person-dialog").get_by_role("radio", name=re.compile("^Admin")).check()


def is_admin_now(page: Page, name: str, *, seconds: int = 5) -> None:
    """Demand the message, and that the dialog has gone, backdrop and all."""
    expect(page.get_by_text(f"{name} is now admin.")).to_be_visible(timeout=seconds * 1000)
    expect(page.locator("dialog#person-dialog")).to_have_count(0)


def sign_in_over(page: Page, email: str = ADMIN) -> Page:
    """Sign in in the window that the dialog over the page opens, and return that window."""
    with page.expect_popup() as popup:
        page.get_by_role("dialog", name="Sign in").get_by_role("link", name="Sign in").click()
    popup.value.locator(f'button[value="{email}"]').click()
    return popup.value


def admin_is_still_chosen(page: Page) -> None:
    """Demand that the dialog holds what was chosen in it."""
    expect(page.locator("dialog#person-dialog").get_by_role("radio", name=re.compile("^Admin"))).to_be_checked()
