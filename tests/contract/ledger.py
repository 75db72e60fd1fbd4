"""Customers, subscriptions and moments for the tests of the payments stand-in's ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe

from tests.contract.payments_server import Payments

BUSINESS = "price_DezkyBusiness"
BUSINESS_YEAR = "price_DezkyBusinessEurYear"
STARTER = "price_DezkyStarter"


def at(text: str) -> int:
    """Return a moment in UTC as Unix seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Ledger:
    """A stand-in whose clock stands still, and what the tests ask of it."""

    payments: Payments

    @property
    def v1(self) -> Any:
        """Return Stripe's library."""
        return self.payments.stripe.v1

    def travel(self, to: str) -> None:
        """Move the clock; everything that is due on the way happens."""
        self.payments.standin.control(action="clock", to=f"{to}Z", frozen=True)

    def customer(self, card: str | None = "pm_card_visa", country: str = "NO", **more: Any) -> str:
        """Make a customer with a default card."""
        made = self.v1.customers.create({"name": "Acme", "address": {"country": country}, **more})
        if card:
            self.give_card(made.id, card)
        return str(made.id)

    def give_card(self, customer: str, card: str) -> str:
        """Give a customer a card, its default from now on."""
        method = self.v1.payment_methods.attach(card, {"customer": customer})
        self.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
        return str(method.id)

    def subscribe(self, customer: str, price: str = BUSINESS, quantity: int = 10, **more: Any) -> stripe.Subscription:
        """Make a subscription."""
        items = [{"price": price, "quantity": quantity}]
        made: stripe.Subscription = self.v1.subscriptions.create({"customer": customer, "items": items, **more})
        return made

    def invoices(self, customer: str) -> list[stripe.Invoice]:
        """Return a customer's invoices, oldest first."""
        found: list[stripe.Invoice] = self.v1.invoices.list({"customer": customer, "limit": 100}).data
        return found[::-1]

    def events(self, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
        """Return type and data of the events of these types, oldest first."""
        asked = {"limit": 100, **({"types": list(kinds)} if kinds else {})}
        found = self.v1.events.list(asked).data[::-1]
        return [(event.type, event.data.to_dict()) for event in found]


def amounts(invoice: stripe.Invoice) -> list[int]:
    """Return the amounts of an invoice's lines."""
    return [line.amount for line in invoice.lines.data]


def item(subscription: stripe.Subscription) -> str:
    """Return the id of a subscription's only item."""
    return str(subscription["items"].data[0].id)
