"""Every page as the right person, light and dark, wide and narrow: nothing overflows, axe finds nothing.

`DEZKY_PICTURES` names a directory for the pictures; `DEZKY_README_PICTURES` one for the README's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.watch import Watched

WIDE, NARROW = (1440, 900), (390, 844)
README_BYTES = 180_000
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def _person_page(kind: str) -> Callable[[Watched], str]:
    """Return what finds the page of a colleague's dialog."""
    query = """SELECT m.id FROM tenants_membership m JOIN accounts_user u ON u.id = m.user_id
        JOIN tenants_tenant t ON t.id = m.tenant_id WHERE t.slug = 'acme' AND u.email = %s"""
    return lambda watched: f"/admin/acme/people/{watched.stack.value(query, 'colleague9@acme.test')}/{kind}/"


@dataclass(frozen=True)
class View:
    """One page, or one state of it, as one person."""

    name: str
    email: str
    path: str | Callable[[Watched], str]
    status: int = 200
    state: Callable[[Page], None] | None = None


def _open_user_menu(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Your account,")).click()
    expect(page.locator("#m-user")).to_be_visible()


def _open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Jump to")).to_be_focused()


def _open_role_dialog(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Actions for")).first.click()
    page.get_by_role("link", name="Change role…").first.click()
    expect(page.locator("dialog#person-dialog")).to_be_visible()


def _open_change_dialog(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^(Change plan or seats|Give details)$")).click()
    expect(page.locator("dialog#billing-dialog")).to_be_visible()


def _open_event(page: Page) -> None:
    page.locator("details.evd").first.locator("summary").click()


def _ask_everywhere(page: Page) -> None:
    page.get_by_role("button", name="Sign out everywhere…").click()
    expect(page.get_by_role("dialog", name="Sign out everywhere?")).to_be_visible()


def _sign_in_service_is_away(page: Page) -> None:
    """Show what a write that waits shows; that it does is for test_form_survives.py to see."""
    text = "What you did is kept and goes on by itself as soon as it is back."
    words = {"id": "t", "tone": "warn", "title": "Sign-in service is away", "text": text}
    action = {"label": "Stop waiting", "event": "session:stop-waiting"}
    page.evaluate("detail => dispatchEvent(new CustomEvent('toast', { detail }))", words | {"action": action})
    expect(page.get_by_role("button", name="Stop waiting")).to_be_visible()


def _open_sign_out_dialog(page: Page) -> None:
    page.get_by_role("link", name="Sign out of everything…").click()
    expect(page.locator("dialog#sign-out-dialog")).to_be_visible()


def _person(watched: Watched) -> str:
    """Return the page of somebody whom no other test signs in."""
    query = "SELECT id FROM accounts_user WHERE email = 'colleague30@acme.test'"
    return f"/operator/people/{watched.stack.value(query)}/"


def _proof(watched: Watched) -> str:
    """Order a sign-out, and return the page of its proof."""
    watched.page.goto(f"{watched.stack.url}{_person(watched)}sign-out/")
    watched.page.get_by_label("Reason").fill("A laptop was left on a train")
    watched.page.get_by_role("button", name="Sign out of everything").click()
    watched.page.wait_for_url("**/operator/sign-outs/*/")
    return watched.path


_OWNER, _NORTHWIND, _OPERATOR = "owner@acme.test", "admin@northwind.test", "operator@dezky.test"
VIEWS = (
    View("launcher", _OWNER, "/"),
    View("profile", _OWNER, "/me/"),
    View("sessions", _OWNER, "/me/sessions/"),
    View("sessions-everywhere", _OWNER, "/me/sessions/", state=_ask_everywhere),
    View("sessions-away", _OWNER, "/me/sessions/", state=_sign_in_service_is_away),
    View("dashboard", _OWNER, "/admin/acme/"),
    View("dashboard-user-menu", _OWNER, "/admin/acme/", state=_open_user_menu),
    View("dashboard-palette", _OWNER, "/admin/acme/", state=_open_palette),
    View("people", _OWNER, "/admin/acme/people/"),
    View("people-none", _OWNER, "/admin/acme/people/?q=nobody-of-this-name"),
    View("people-role-dialog", _OWNER, "/admin/acme/people/", state=_open_role_dialog),
    View("person-role", _OWNER, _person_page("role")),
    View("person-remove", _OWNER, _person_page("remove")),
    View("audit", _OWNER, "/admin/acme/audit/"),
    View("audit-event", _OWNER, "/admin/acme/audit/", state=_open_event),
    View("subscription", _OWNER, "/admin/acme/subscription/"),
    View("subscription-change-dialog", _OWNER, "/admin/acme/subscription/", state=_open_change_dialog),
    View("subscription-change", _OWNER, "/admin/acme/subscription/change/"),
    View("subscription-details", _OWNER, "/admin/acme/subscription/details/"),
    View("subscription-cancel", _OWNER, "/admin/acme/subscription/cancel/"),
    View("invoices", _OWNER, "/admin/acme/invoices/"),
    View("invoices-none", _OWNER, "/admin/acme/invoices/?status=void"),
    View("not-found", _OWNER, "/no-such-page/", 404),
    View("launcher-everything", "consultant@umbrella.test", "/"),
    View("member-refused", "member@acme.test", "/admin/acme/", 403),
    View("launcher-nothing", "nobody@stray.test", "/"),
    View("no-workspace", "nobody@stray.test", "/admin/", 403),
    View("customers", _NORTHWIND, "/partner/"),
    View("customer", _NORTHWIND, "/partner/customers/acme/"),
    View("customer-without-access", _NORTHWIND, "/partner/customers/umbrella/"),
    View("delegated-dashboard", _NORTHWIND, "/admin/acme/"),
    View("delegated-people", _NORTHWIND, "/admin/acme/people/"),
    View("customers-none", "admin@contoso.test", "/partner/"),
    View("operator-overview", _OPERATOR, "/operator/"),
    View("operator-tenants", _OPERATOR, "/operator/tenants/"),
    View("operator-tenants-suspended", _OPERATOR, "/operator/tenants/?status=suspended"),
    View("operator-gates", _OPERATOR, "/operator/gates/"),
    View("operator-tenant", _OPERATOR, "/operator/tenants/acme/"),
    View("operator-plans", _OPERATOR, "/operator/plans/"),
    View("operator-billing", _OPERATOR, "/operator/billing/"),
    View("operator-billing-none", _OPERATOR, "/operator/billing/?q=nobody-of-this-name"),
    View("operator-webhooks", _OPERATOR, "/operator/webhooks/"),
    View("operator-webhooks-none", _OPERATOR, "/operator/webhooks/?q=nothing-of-this-name"),
    View("operator-people", _OPERATOR, "/operator/people/"),
    View("operator-people-none", _OPERATOR, "/operator/people/?q=nobody-of-this-name"),
    View("operator-person", _OPERATOR, _person),
    View("operator-sign-out-dialog", _OPERATOR, _person, state=_open_sign_out_dialog),
    View("operator-sign-out-form", _OPERATOR, lambda watched: f"{_person(watched)}sign-out/"),
    View("operator-sign-out-proof", _OPERATOR, _proof),
    View("operator-sign-outs", _OPERATOR, "/operator/sign-outs/"),
)
PEOPLE = tuple(dict.fromkeys(view.email for view in VIEWS))


@pytest.mark.parametrize("email", PEOPLE)
def test_every_page_in_every_look(email: str, watched: Watched, pictures: Path) -> None:
    views = [view for view in VIEWS if view.email == email]
    watched.sign_in(email)
    if email == _OPERATOR:
        watched.page.goto(f"{watched.stack.url}/operator/")
        watched.choose(email)  # with the second factor, which the portal did not ask for
    for view in views:
        _look_at(watched, view, pictures)


@pytest.mark.parametrize("email", ["admin@acme.test"])
def test_the_pages_of_leaving_in_every_look(email: str, open_page: Open, pictures: Path) -> None:
    quiet = open_page(java_script_enabled=False)
    quiet.page.goto(quiet.stack.url)
    quiet.page.locator(f'button[value="{email}"]').click()
    with quiet.expecting(403):
        quiet.page.goto(f"{quiet.stack.url}/operator/")
    take(quiet, "not-authorised", pictures, checks=False)
    quiet.page.get_by_role("button", name="Sign out now").click()
    expect(quiet.page.get_by_role("heading", level=1)).to_have_text("You can’t use the operator portal")
    take(quiet, "signed-out-not-authorised", pictures, checks=False)
    loud = open_page()
    loud.page.goto(f"{loud.stack.url}/oidc/portal/signed-out/")
    take(loud, "signed-out", pictures)
    with loud.expecting(400):
        loud.page.goto(f"{loud.stack.url}/oidc/portal/callback/?code=x&state=y")
    take(loud, "sign-in-failed", pictures)


def test_the_pictures_of_the_readme(open_page: Open, tmp_path: Path) -> None:
    directory = Path(os.environ.get("DEZKY_README_PICTURES") or tmp_path)
    directory.mkdir(parents=True, exist_ok=True)
    for name, email, path in (
        ("launcher", "consultant@umbrella.test", "/"),
        ("dashboard", _OWNER, "/admin/acme/"),
        ("operator-tenants", _OPERATOR, "/operator/tenants/"),
    ):
        watched = open_page()
        watched.sign_in(email, path)
        watched.visit(path)
        assert watched.path == path
        file = directory / f"{name}.png"
        watched.page.screenshot(path=file, animations="disabled")
        assert file.stat().st_size < README_BYTES, file


def _look_at(watched: Watched, view: View, pictures: Path) -> None:
    path = view.path if isinstance(view.path, str) else view.path(watched)
    with watched.expecting(view.status):
        answer = watched.page.goto(watched.stack.url + path)
        assert answer is not None
        assert answer.status == view.status
        assert watched.page.url.startswith(watched.stack.url), f"{view.name} is a picture of {watched.page.url}"
        if view.state:
            view.state(watched.page)
    take(watched, view.name, pictures, has_state=view.state is not None)


def take(watched: Watched, name: str, pictures: Path, *, has_state: bool = False, checks: bool = True) -> None:
    """Take a picture in each look; axe has to find nothing in any."""
    page = watched.page
    for width, height in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in _SCHEMES:
            page.emulate_media(color_scheme=scheme)
            if checks and scheme == "light":
                watched.check()
            elif checks and width == WIDE[0]:  # between light and dark nothing differs but colours
                watched.check("color-contrast")
            page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", animations="disabled")
    if not has_state:
        watched.check_reflow()
    watched.check_quiet()
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
