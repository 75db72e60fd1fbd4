"""The dialogs about people: by mouse, by keyboard, on a phone, and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Open
from tests.e2e.stack import Stack
from tests.e2e.watch import Watched

PEOPLE = "/admin/acme/people/"
_LAST_EVENT = """
    SELECT a.actor_email, a.object_label, a.changes
    FROM tenants_auditevent a JOIN tenants_tenant t ON t.id = a.tenant_id
    WHERE t.slug = 'acme' AND a.action = 'people:role:change' ORDER BY a.sequence DESC LIMIT 1
"""


_OF_ACME = """FROM tenants_membership m JOIN accounts_user u ON u.id = m.user_id
    JOIN tenants_tenant t ON t.id = m.tenant_id WHERE t.slug = 'acme' AND u.email = %s"""
_MOVE = """UPDATE tenants_membership SET tenant_id = (SELECT id FROM tenants_tenant WHERE slug = %s)
    WHERE user_id = (SELECT id FROM accounts_user WHERE email = %s)"""


@dataclass
class Colleague:
    """Somebody of acme that a test may change; a plain member at its beginning and end."""

    stack: Stack
    email: str
    name: str = ""

    @property
    def role(self) -> str:
        """Return the role in the database."""
        return str(self.stack.value(f"SELECT m.role {_OF_ACME}", self.email))

    def reset(self) -> None:
        """Become a plain member of acme, behind the product's back."""
        self.stack.change(_MOVE, "acme", self.email)
        query = f"UPDATE tenants_membership SET role = 'member' WHERE id = (SELECT m.id {_OF_ACME})"
        assert self.stack.change(query, self.email) == 1

    def leave(self) -> None:
        """Be in another workspace, behind the product's back."""
        assert self.stack.change(_MOVE, "umbrella", self.email) == 1


@pytest.fixture
def colleague(stack: Stack) -> Iterator[Colleague]:
    """Return a colleague on the first page of acme's people."""
    found = Colleague(stack, "colleague24@acme.test")
    found.reset()
    found.name = stack.value("SELECT name FROM accounts_user WHERE email = %s", found.email)
    yield found
    found.reset()


@pytest.fixture
def owner(open_page: Open) -> Watched:
    """Return acme's owner before the list of people."""
    return _before_people(open_page())


def _before_people(watched: Watched) -> Watched:
    watched.sign_in("owner@acme.test", PEOPLE)
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("People")
    return watched


def _open_dialog(page: Page, colleague: Colleague, item: str = "Change role…") -> Locator:
    page.get_by_role("button", name=f"Actions for {colleague.name}", exact=True).click()
    page.get_by_role("link", name=item).click()
    dialog = page.locator("dialog#person-dialog")
    expect(dialog).to_be_visible()
    return dialog


def _is_done(page: Page, message: str) -> None:
    """Demand the message, and that the dialog has gone, backdrop and all."""
    expect(page.get_by_text(message)).to_be_visible()
    expect(page.locator("dialog#person-dialog")).to_have_count(0)


def test_a_role_is_changed_in_the_dialog(owner: Watched, colleague: Colleague) -> None:
    page = owner.page
    dialog = _open_dialog(page, colleague)
    expect(dialog).to_contain_text(f"Change role of {colleague.name}")
    expect(dialog.get_by_role("radio", name=re.compile("^Member"))).to_be_checked()
    owner.check()

    dialog.get_by_role("radio", name=re.compile("^Admin")).check()
    dialog.get_by_role("button", name="Save").click()

    _is_done(page, f"{colleague.name} is now admin.")
    expect(page.get_by_role("row", name=re.compile(colleague.name))).to_contain_text("Admin")
    expect(dialog).to_have_count(0)
    assert colleague.role == "admin"
    with owner.stack.database() as connection:
        event = connection.execute(_LAST_EVENT).fetchone()
    assert event == ("owner@acme.test", colleague.name, [{"field": "role", "before": "Member", "after": "Admin"}])
    owner.visit("/admin/acme/audit/?action=people:role:change")
    expect(page.locator("summary").first).to_contain_text(f"Maja Lindqvist changed a role: {colleague.name}")
    owner.check()


def test_a_refusal_keeps_the_dialog_and_what_was_chosen(owner: Watched, colleague: Colleague) -> None:
    page = owner.page
    dialog = _open_dialog(page, colleague)
    dialog.get_by_role("radio", name=re.compile("^Admin")).check()
    colleague.leave()

    with owner.expecting(404):
        dialog.get_by_role("button", name="Save").click()
        expect(page.get_by_text("This is no longer here")).to_be_visible()

    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("radio", name=re.compile("^Admin"))).to_be_checked()
    owner.check()


def test_what_the_form_does_not_offer_is_an_error_at_its_field(owner: Watched, colleague: Colleague) -> None:
    page = owner.page
    dialog = _open_dialog(page, colleague)
    page.evaluate("document.querySelector('#person-form input[value=admin]').value = 'emperor'")
    dialog.get_by_role("radio", name=re.compile("^Admin")).check()

    with owner.expecting(422):
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_role("alert")).to_contain_text("Select a valid choice")

    expect(dialog).to_be_visible()
    assert colleague.role == "member"
    owner.check()
    dialog.get_by_role("radio", name=re.compile("^Admin")).check()
    dialog.get_by_role("button", name="Save").click()
    _is_done(page, f"{colleague.name} is now admin.")
    assert colleague.role == "admin"


def test_the_backdrop_closes_only_a_press_that_began_and_ended_on_it(owner: Watched, colleague: Colleague) -> None:
    page = owner.page
    dialog = _open_dialog(page, colleague)
    box = dialog.bounding_box()
    assert box
    inside, outside = (box["x"] + 40, box["y"] + 30), (box["x"] - 60, box["y"] + 30)

    for begin, end in ((inside, outside), (outside, inside)):
        page.mouse.move(*begin)
        page.mouse.down()
        page.mouse.move(*end, steps=5)
        page.mouse.up()
        expect(dialog).to_be_visible()
    page.mouse.click(*outside)
    expect(dialog).to_have_count(0)
    owner.check()


def test_escape_closes_and_focus_goes_back(owner: Watched, colleague: Colleague) -> None:
    page = owner.page
    dialog = _open_dialog(page, colleague)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert colleague.role == "member"
    assert page.evaluate("document.activeElement !== document.body"), "focus is lost"
    # Closed is closed: the list may renew itself under it.
    page.get_by_role("searchbox", name="Search people").fill(colleague.email)
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(dialog).to_have_count(0)


def test_unsaved_choices_are_guarded(owner: Watched, colleague: Colleague) -> None:
    page = owner.page
    dialog = _open_dialog(page, colleague)
    dialog.get_by_role("radio", name=re.compile("^Owner")).check()

    page.keyboard.press("Escape")
    expect(dialog.get_by_text("You have unsaved changes.")).to_be_visible()
    owner.check()
    dialog.get_by_role("button", name="Keep editing").click()
    expect(dialog.get_by_role("radio", name=re.compile("^Owner"))).to_be_focused()
    expect(dialog.get_by_role("radio", name=re.compile("^Owner"))).to_be_checked()
    dialog.get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Discard changes").click()
    expect(dialog).to_have_count(0)
    assert colleague.role == "member"


def test_a_message_from_before_the_dialog_stays_in_reach(owner: Watched, colleague: Colleague) -> None:
    page = owner.page
    page.evaluate("dispatchEvent(new CustomEvent('toast', { detail: { title: 'From before', tone: 'warn' } }))")
    dialog = _open_dialog(page, colleague)
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("From before")).to_have_count(0)
    expect(dialog).to_be_visible()
    owner.check()


def test_the_whole_way_by_keyboard(owner: Watched, colleague: Colleague) -> None:
    page = owner.page
    page.get_by_role("button", name=f"Actions for {colleague.name}", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Change role…")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Remove…")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog#person-dialog")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("d => d.contains(document.activeElement)")
    expect(dialog.get_by_role("radio", name=re.compile("^Member"))).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(dialog.get_by_role("radio", name=re.compile("^Admin"))).to_be_checked()
    page.keyboard.press("Enter")
    _is_done(page, f"{colleague.name} is now admin.")
    assert colleague.role == "admin"
    owner.check_quiet()


def test_on_a_phone(open_page: Open, colleague: Colleague) -> None:
    owner = _before_people(open_page(width=390, height=844, has_touch=True, is_mobile=True, device_scale_factor=2))
    dialog = _open_dialog(owner.page, colleague)
    box = dialog.bounding_box()
    assert box
    assert (box["x"] >= 0, box["x"] + box["width"] <= 390) == (True, True)
    owner.check()
    dialog.get_by_role("radio", name=re.compile("^Admin")).check()
    dialog.get_by_role("button", name="Save").click()
    _is_done(owner.page, f"{colleague.name} is now admin.")
    assert colleague.role == "admin"
    owner.check()


def test_without_javascript(open_page: Open, colleague: Colleague) -> None:
    owner = _before_people(open_page(java_script_enabled=False))
    page = owner.page
    page.get_by_role("button", name=f"Actions for {colleague.name}", exact=True).click()
    page.get_by_role("link", name="Change role…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Change role of {colleague.name}")
    page.get_by_role("radio", name=re.compile("^Admin")).check()
    page.get_by_role("button", name="Save").click()

    expect(page).to_have_url(f"{owner.stack.url}{PEOPLE}")
    _is_done(page, f"{colleague.name} is now admin.")
    assert colleague.role == "admin"
    owner.check_quiet()


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("owner@acme.test", "You can.t change your own access"),
        ("admin@acme.test", "comes from your directory"),
    ],
)
def test_what_cannot_be_changed_says_why(email: str, reason: str, owner: Watched) -> None:
    membership = owner.stack.value(f"SELECT m.id {_OF_ACME}", email)
    owner.visit(f"{PEOPLE}?q={email}")
    owner.page.get_by_role("button", name=re.compile("^Actions for")).click()
    owner.page.get_by_role("link", name="Change role…").click()
    expect(owner.page.locator("dialog#person-dialog").get_by_text(re.compile(reason))).to_be_visible()
    owner.check()
    owner.visit(f"{PEOPLE}{membership}/role/")
    expect(owner.page.get_by_text(re.compile(reason))).to_be_visible()
    expect(owner.page.get_by_role("button", name="Save")).to_have_count(0)
    owner.page.get_by_role("link", name="Back to people").click()
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("People")
    owner.check()


def test_a_person_is_removed(owner: Watched, colleague: Colleague) -> None:
    page = owner.page
    seats = owner.stack.value("SELECT seats_used FROM tenants_tenant WHERE slug = 'acme'")
    dialog = _open_dialog(page, colleague, "Remove…")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    owner.check()
    dialog.get_by_role("button", name="Remove").click()
    _is_done(page, f"{colleague.name} was removed.")
    expect(page.get_by_role("row", name=re.compile(colleague.email))).to_have_count(0)
    assert owner.stack.value("SELECT seats_used FROM tenants_tenant WHERE slug = 'acme'") == seats - 1

    put_back = """INSERT INTO tenants_membership (id, tenant_id, user_id, role, source, created_at)
        SELECT gen_random_uuid(), (SELECT id FROM tenants_tenant WHERE slug = 'acme'), id, 'member', 'invited', now()
        FROM accounts_user WHERE email = %s"""
    owner.stack.change(put_back, colleague.email)
    owner.stack.change("UPDATE tenants_tenant SET seats_used = seats_used + 1 WHERE slug = 'acme'")


@pytest.mark.parametrize("width", [1280, 390])
def test_people_beyond_the_seats_are_told_the_price_first(open_page: Open, width: int) -> None:
    owner = _before_people(open_page(width=width, height=844))
    page = owner.page
    seats, taken = (
        owner.stack.value(f"SELECT {column} FROM tenants_tenant WHERE slug = 'acme'")
        for column in ("seats", "seats_used")
    )
    page.get_by_role("link", name="Add people").click()
    dialog = page.locator("dialog#billing-dialog")
    count = dialog.get_by_label("How many people?")
    expect(count).to_be_focused()
    owner.check()
    count.fill(str(seats - taken))
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("status")).to_contain_text("There is room")
    owner.check()
    expect(count).to_be_focused()
    count.fill(str(seats - taken + 2))
    dialog.get_by_role("button", name="Check again").click()
    expect(dialog.get_by_role("heading", level=1)).to_have_text(f"Business, {seats + 2} seats")
    expect(dialog.get_by_role("button", name=re.compile("^Pay €"))).to_be_visible()
    owner.check()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert owner.stack.value("SELECT seats FROM tenants_tenant WHERE slug = 'acme'") == seats
