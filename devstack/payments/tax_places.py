"""What a customer's record says of tax, and the tax rates that invoices point to."""

from __future__ import annotations

from dataclasses import replace

from devstack.payments.errors import StripeError
from devstack.payments.objects import Object
from devstack.payments.store import Shelf
from devstack.payments.taxes import VAT_RATES, Buyer, Treatment, treat


def buyer_of(shelf: Shelf, customer: Object | None, details: Object | None = None) -> Buyer:
    """Return who is taxed: a customer as kept, overridden by a preview's `customer_details`."""
    buyer = Buyer(None)
    if customer is not None:
        address = customer.get("address") or {}
        kept = shelf.all("tax_id", customer=customer["id"])
        tax_ids = tuple((each["type"], (each.get("verification") or {}).get("status", "")) for each in kept)
        buyer = Buyer(address.get("country"), tax_ids, customer.get("tax_exempt") or "none")
    details = details or {}
    if details.get("address"):
        buyer = replace(buyer, country=details["address"].get("country"))
    if "tax_ids" in details:
        buyer = replace(buyer, tax_ids=tuple((each["type"], "pending") for each in details["tax_ids"]))
    if details.get("tax_exempt"):
        buyer = replace(buyer, exempt=details["tax_exempt"])
    return buyer


def demand_location(buyer: Buyer) -> Treatment:
    """Return how a buyer is taxed.

    Raises:
        StripeError: the buyer's country is not known.
    """
    treatment = treat(buyer)
    if treatment is None:
        message = (
            "The customer's location isn't recognized. Set a valid customer address in order to automatically "
            "calculate tax."
        )
        raise StripeError(message, code="customer_tax_location_invalid", param="automatic_tax")
    return treatment


def rate_id(shelf: Shelf, treatment: Treatment, now: int) -> str:
    """Return the id of the tax rate of a treatment, made where it is missing."""
    percentage = treatment.percentage.replace(".", "_")
    identifier = f"txr_{treatment.country}{percentage}"
    if shelf.get("tax_rate", identifier) is None:
        rate = float(treatment.percentage)
        shelf.add(
            {
                "id": identifier,
                "object": "tax_rate",
                "active": True,
                "country": treatment.country,
                "created": now,
                "description": None,
                "display_name": "VAT" if treatment.country in VAT_RATES else "Tax",
                "effective_percentage": rate,
                "flat_amount": None,
                "inclusive": False,
                "jurisdiction": treatment.country,
                "jurisdiction_level": "country",
                "livemode": False,
                "metadata": {},
                "percentage": rate,
                "rate_type": "percentage",
                "state": None,
                "tax_type": "vat" if treatment.country in VAT_RATES else None,
            }
        )
    return identifier
