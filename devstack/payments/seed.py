"""The plans of the demo as Stripe knows them: a product each, with a price per seat by currency and interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devstack.payments import calls
from devstack.payments.catalogue import PRICES, PRODUCTS
from devstack.payments.store import Shelf

_MONTHS_PAID_A_YEAR = 10


@dataclass(frozen=True)
class SeededPlan:
    """One plan; `month` has its monthly price per seat by currency, in the minor units that Stripe is sent.

    Yen have no minor unit; Kuwaiti dinars have three decimals and the last is always 0; Icelandic krónur have
    none and are sent times 100 all the same (https://docs.stripe.com/currencies#special-cases).
    """

    key: str
    name: str
    description: str
    month: dict[str, int]

    @property
    def product_id(self) -> str:
        """Return the id of the product."""
        return f"prod_Dezky{self.name}"

    def price_id(self, currency: str, interval: str) -> str:
        """Return the id of a price; the one in euros by the month has no more to its name."""
        is_first = (currency, interval) == ("eur", "month")
        return f"price_Dezky{self.name}" + ("" if is_first else f"{currency.title()}{interval.title()}")

    def prices(self) -> Iterator[tuple[str, str, int]]:
        """Give currency, interval and amount of each price."""
        for currency, amount in self.month.items():
            yield currency, "month", amount
            yield currency, "year", amount * _MONTHS_PAID_A_YEAR


PLANS: tuple[SeededPlan, ...] = (
    SeededPlan(
        "starter",
        "Starter",
        "Up to 20 seats, e-mail support",
        {"eur": 1200, "usd": 1300, "jpy": 1900, "kwd": 4000, "isk": 180000},
    ),
    SeededPlan(
        "business",
        "Business",
        "Up to 300 seats, single sign-on, audit log",
        {"eur": 1700, "usd": 1900, "jpy": 2700, "kwd": 5700, "isk": 250000},
    ),
    SeededPlan(
        "enterprise",
        "Enterprise",
        "Unlimited seats, SCIM, audit log for 7 years",
        {"eur": 2200, "usd": 2400, "jpy": 3500, "kwd": 7350, "isk": 320000},
    ),
)


def seed(shelf: Shelf) -> None:
    """Make the plans that are missing; nothing that is there is changed."""
    for plan in PLANS:
        if shelf.get("product", plan.product_id) is None:
            given = {"id": plan.product_id, "name": plan.name, "description": plan.description, "unit_label": "seat"}
            calls.create(shelf, PRODUCTS, {**given, "metadata": {"plan": plan.key}})
        for currency, interval, amount in plan.prices():
            _seed_price(shelf, plan, currency, interval, amount)
        product = shelf.get("product", plan.product_id, for_update=True)
        if product and product["default_price"] is None:
            shelf.replace({**product, "default_price": plan.price_id("eur", "month")})


def _seed_price(shelf: Shelf, plan: SeededPlan, currency: str, interval: str, amount: int) -> None:
    identifier = plan.price_id(currency, interval)
    if shelf.get("price", identifier) is not None:
        return
    given = {
        "currency": currency,
        "product": plan.product_id,
        "unit_amount": str(amount),
        "lookup_key": f"{plan.key}_{currency}_{interval}",
        "nickname": f"{plan.name}, per seat and {interval}",
        "tax_behavior": "exclusive",
        "recurring": {"interval": interval},
        "metadata": {"plan": plan.key},
    }
    calls.create(shelf, PRICES, given, identifier)
