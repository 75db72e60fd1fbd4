"""The plans of the demo as Stripe knows them: one product and one monthly price per seat each."""

from __future__ import annotations

from dataclasses import dataclass

from devstack.payments import calls
from devstack.payments.resources import RESOURCES
from devstack.payments.store import Shelf


@dataclass(frozen=True)
class SeededPlan:
    """One plan; its price's `lookup_key` is the plan's name in Dezky."""

    key: str
    name: str
    description: str
    unit_amount_minor: int
    product_id: str
    price_id: str


PLANS: tuple[SeededPlan, ...] = (
    SeededPlan(
        "starter",
        "Starter",
        "Up to 20 seats, e-mail support",
        1200,
        "prod_DezkyStarter",
        "price_DezkyStarter",
    ),
    SeededPlan(
        "business",
        "Business",
        "Up to 300 seats, single sign-on, audit log",
        1700,
        "prod_DezkyBusiness",
        "price_DezkyBusiness",
    ),
    SeededPlan(
        "enterprise",
        "Enterprise",
        "Unlimited seats, SCIM, audit log for 7 years",
        2200,
        "prod_DezkyEnterprise",
        "price_DezkyEnterprise",
    ),
)


def seed(shelf: Shelf) -> None:
    """Make the plans that are missing; nothing that is there is changed."""
    products, prices = RESOURCES["products"], RESOURCES["prices"]
    for plan in PLANS:
        if shelf.get("product", plan.product_id) is None:
            given = {
                "id": plan.product_id,
                "name": plan.name,
                "description": plan.description,
                "unit_label": "seat",
            }
            calls.create(shelf, products, {**given, "metadata": {"plan": plan.key}})
        if shelf.get("price", plan.price_id) is None:
            given = {
                "currency": "eur",
                "product": plan.product_id,
                "unit_amount": str(plan.unit_amount_minor),
                "lookup_key": plan.key,
                "nickname": f"{plan.name}, per seat and month",
            }
            details = {"recurring": {"interval": "month"}, "metadata": {"plan": plan.key}}
            calls.create(shelf, prices, {**given, **details}, plan.price_id)
            product = shelf.get("product", plan.product_id, for_update=True)
            if product:
                shelf.replace({**product, "default_price": plan.price_id})
