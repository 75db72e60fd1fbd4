"""Somebody who looks after what a workspace pays, in a browser."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.e2e.card_desk import EMAIL, Desk, new_workspace
from tests.e2e.watch import Watched

_BILLING = "billing_billingaccount b JOIN tenants_tenant t ON t.id = b.tenant_id WHERE t.slug = %s"


class Till:
    """Somebody who looks after what a workspace pays."""

    def __init__(self, watched: Watched, slug: str = "") -> None:
        self.watched, self.page, self.stack = watched, watched.page, watched.stack
        self.slug = slug or new_workspace(watched.stack)
        self.path = f"/admin/{self.slug}/subscription/"
        watched.sign_in(EMAIL, f"/admin/{self.slug}/")

    @property
    def dialog(self) -> Locator:
        """Return the dialog of billing."""
        return self.page.locator("dialog#billing-dialog")

    def open(self, path: str = "") -> None:
        """Open a page below the subscription's."""
        self.page.goto(self.stack.url + self.path + path)

    def press(self, name: str) -> None:
        """Press a button of the dialog."""
        self.dialog.get_by_role("button", name=name).click()

    def link(self, name: str) -> None:
        """Follow a link of the page into a dialog."""
        self.page.get_by_role("link", name=name).first.click()
        expect(self.dialog).to_be_visible()

    def told(self, text: str) -> None:
        """Demand a message, and that the dialog has gone."""
        expect(self.page.locator("#toasts").get_by_text(text)).to_be_visible()
        expect(self.dialog).to_have_count(0)

    def give_details(self) -> None:
        """Give billing details of a Danish company without a VAT number."""
        self.open()
        self.link("Give details")
        self.dialog.get_by_label("Country").select_option("DK")
        self.press("Save details")
        self.told("Billing details saved")

    def give_card(self, number: str = "4242424242424242", *, is_first: bool = True) -> None:
        """Add a card, or replace the one there is."""
        desk = Desk(self.watched, self.slug)
        desk.open()
        desk.save(number)
        desk.is_saved(number[-4:], is_only=is_first)

    def ask_price(self, seats: int, opener: str = "Choose a plan") -> None:
        """Ask what a number of seats costs."""
        self.link(opener)
        self.dialog.get_by_label("Seats", exact=True).fill(str(seats))
        self.press("Show the price")
        expect(self.dialog.get_by_role("heading", level=1)).to_have_text(re.compile(f"{seats} seats?"))

    def subscribe(self, seats: int = 3) -> None:
        """Subscribe to the plan that is offered first."""
        self.give_details()
        self.give_card()
        self.ask_price(seats)
        self.press("Pay ")
        expect(self.dialog).to_have_count(0)
        expect(self.page.get_by_role("heading", name=re.compile("^Business"))).to_be_visible()

    def value(self, field: str) -> object:
        """Return a field of the workspace's account."""
        return self.stack.value(f"SELECT b.{field} FROM {_BILLING}", self.slug)

    def set(self, **fields: object) -> None:
        """Change the account behind the product's back."""
        for name, value in fields.items():
            whose = "(SELECT id FROM tenants_tenant WHERE slug = %s)"
            query = f"UPDATE billing_billingaccount SET {name} = %s WHERE tenant_id = {whose}"
            assert self.stack.change(query, value, self.slug) == 1
