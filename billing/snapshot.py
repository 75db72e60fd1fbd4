"""What Stripe says of one customer, as one value: asked for here, mirrored, projected and compared elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from billing.enums import LIVING_STATUSES, SubscriptionStatus
from billing.errors import Gone
from billing.gateway import reads
from billing.gateway.transport import Object

NEWEST = 10


@dataclass(frozen=True)
class Snapshot:
    """A customer with subscriptions and invoices; `refunded` is minor units by payment intent.

    `is_whole` says that every invoice is there; else the newest ones, and those that were asked for.
    """

    customer: Object
    subscriptions: list[Object]
    invoices: list[Object]
    prices: list[Object] = field(default_factory=list)
    refunded: dict[str, int] = field(default_factory=dict)
    is_whole: bool = False

    @property
    def customer_id(self) -> str:
        """Return the customer's id."""
        return str(self.customer["id"])

    @property
    def subscription(self) -> Object | None:
        """Return the subscription that counts: the newest that lives, else one that may yet, else the newest."""
        living = [each for each in self.subscriptions if each["status"] in LIVING_STATUSES]
        begun = [each for each in self.subscriptions if each["status"] == SubscriptionStatus.INCOMPLETE]
        candidates = living or begun or self.subscriptions
        return max(candidates, key=lambda each: (each["created"], each["id"])) if candidates else None


def take(customer_id: str, *, invoice_ids: Iterable[str] = (), payment_intents: Iterable[str] = ()) -> Snapshot:
    """Ask Stripe how a customer is now: three calls, and one for each invoice or payment named.

    Raises:
        StripeAway, Refused: as the gateway.
    """
    customer = reads.customer(customer_id)
    if customer.get("deleted"):
        return Snapshot(customer, [], [])
    subscriptions = reads.subscriptions(customer_id)
    invoices = reads.newest_invoices(customer_id, count=NEWEST)
    known = {each["id"] for each in invoices}
    for invoice_id in sorted(set(invoice_ids) - known):
        try:
            invoices.append(reads.invoice(invoice_id))
        except Gone:  # a draft that was deleted
            continue
    refunded = {intent: _refunded(reads.payment_intent(intent)) for intent in sorted(set(payment_intents))}
    return Snapshot(customer, subscriptions, invoices, _tiered(subscriptions), refunded)


def take_whole(customer_id: str) -> Snapshot:
    """Ask Stripe for everything of a customer.

    Raises:
        StripeAway, Refused: as the gateway.
    """
    customer = reads.customer(customer_id)
    if customer.get("deleted"):
        return Snapshot(customer, [], [], is_whole=True)
    subscriptions = reads.subscriptions(customer_id)
    invoices = list(reads.invoices(customer_id))
    refunded = {
        charge["payment_intent"]: charge["amount_refunded"]
        for charge in reads.charges(customer_id)
        if charge.get("payment_intent") and charge["paid"]
    }
    return Snapshot(customer, subscriptions, invoices, _tiered(subscriptions), refunded, is_whole=True)


def _tiered(subscriptions: list[Object]) -> list[Object]:
    """Return the tiered prices in use with their tiers, which a subscription doesn't carry."""
    found = {
        item["price"]["id"]
        for subscription in subscriptions
        for item in subscription["items"]["data"]
        if item["price"].get("billing_scheme") == "tiered"
    }
    return [reads.price(price_id) for price_id in sorted(found)]


def _refunded(intent: Object) -> int:
    charge = intent.get("latest_charge")
    return int(charge["amount_refunded"]) if isinstance(charge, dict) else 0
