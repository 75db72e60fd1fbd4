"""Lines that are about to be billed, and what they are made of: items, terms, and what was charged before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from devstack.payments.calendar import Period
from devstack.payments.discounts import Reduction, reduce
from devstack.payments.money import rounded, shown
from devstack.payments.objects import Object
from devstack.payments.proration import charge_for
from devstack.payments.taxes import Treatment
from devstack.payments.tiers import Portion, cost, portions

_TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Terms:
    """What all lines of a subscription share; a treatment of None means that no tax is calculated."""

    currency: str
    treatment: Treatment | None = None
    reductions: tuple[Reduction, ...] = ()
    products: tuple[tuple[str, str], ...] = ()
    tiers: tuple[tuple[str, list[Object]], ...] = ()

    def whole(self, price: Object) -> Object:
        """Return a price with its tiers, which are not part of it otherwise."""
        found = dict(self.tiers).get(price["id"])
        return {**price, "tiers": found} if found else price

    def name_of(self, price: Object) -> str:
        """Return the name of a price's product."""
        names = dict(self.products)
        return names.get(price["product"]) or str(price["product"])


@dataclass(frozen=True)
class Draft:
    """One line before it is on an invoice; `discounts` are those that its amount already contains."""

    amount: int
    period: Period
    description: str
    quantity: int
    price: Object | None = None
    unit: str | None = None
    item: str = ""
    is_proration: bool = False
    is_credit: bool = False
    is_discountable: bool = True
    treatment: Treatment | None = None
    credited: tuple[tuple[str, str], ...] = ()
    discounts: tuple[str, ...] = ()
    invoice_item: str | None = None


def full(items: Iterable[Object], period: Period, terms: Terms) -> list[Draft]:
    """Return the lines that charge whole periods of items."""
    found = []
    for item in items:
        price = item["price"]
        found += [
            Draft(
                amount=rounded(portion.amount, terms.currency),
                period=period,
                description=_described(portion, price, terms),
                quantity=portion.quantity,
                price=price,
                unit=_decimal(portion.unit),
                item=item["id"],
                treatment=terms.treatment,
            )
            for portion in portions(terms.whole(price), item["quantity"])
        ]
    return found


def free(items: Iterable[Object], period: Period, terms: Terms) -> list[Draft]:
    """Return the lines of a trial, which cost nothing."""
    return [
        Draft(
            amount=0,
            period=period,
            description=f"Trial period for {terms.name_of(item['price'])}",
            quantity=item["quantity"],
            price=item["price"],
            unit="0",
            item=item["id"],
            treatment=terms.treatment,
        )
        for item in items
    ]


def remaining(item: Object, items: Sequence[Object], period: Period, at: int, terms: Terms) -> Draft:
    """Return the line that charges an item for what is left of a period; `items` share the discounts with it."""
    part = charge_for(net_cost(item, items, terms), period, at, terms.currency)
    return Draft(
        amount=part.amount,
        period=part.period,
        description=f"Remaining time on {what(item, terms)} after {_day(at)}",
        quantity=item["quantity"],
        price=item["price"],
        unit=item["price"].get("unit_amount_decimal"),
        item=item["id"],
        is_proration=True,
        is_discountable=False,
        treatment=terms.treatment,
        discounts=tuple(reduction.discount for reduction in terms.reductions),
    )


def unused(text: str, at: int) -> str:
    """Return the description of a credit for something."""
    return f"Unused time on {text} after {_day(at)}"


def what(item: Object, terms: Terms) -> str:
    """Return what an item is: its product, with the quantity before it."""
    name, quantity = terms.name_of(item["price"]), item["quantity"]
    return name if quantity == 1 else f"{quantity} {_TIMES} {name}"


def net_cost(item: Object, items: Sequence[Object], terms: Terms) -> Fraction:
    """Return what an item costs for a whole period after its share of the discounts."""
    gross = [cost(terms.whole(each["price"]), each["quantity"]) for each in items]
    cuts = reduce([rounded(amount, terms.currency) for amount in gross], terms.reductions, terms.currency)
    index = [each["id"] for each in items].index(item["id"])
    return gross[index] - sum(amount for _, amount in cuts[index])


def to_json(draft: Draft) -> Object:
    """Return a draft as it is kept while its invoice item waits."""
    kept = dict(vars(draft))
    kept["period"] = [draft.period.start, draft.period.end]
    kept["treatment"] = treatment_json(draft.treatment)
    return kept


def from_json(kept: Object) -> Draft:
    """Return a draft as it was kept."""
    return Draft(
        **{
            **kept,
            "period": Period(*kept["period"]),
            "treatment": treatment_of(kept["treatment"]),
            "credited": tuple((invoice, line) for invoice, line in kept["credited"]),
            "discounts": tuple(kept["discounts"]),
        }
    )


def treatment_json(treatment: Treatment | None) -> list[str] | None:
    """Return a treatment as it is kept."""
    return [treatment.percentage, treatment.reason, treatment.country] if treatment else None


def treatment_of(kept: Any) -> Treatment | None:
    """Return a treatment as it was kept."""
    return Treatment(*kept) if kept else None


def _described(portion: Portion, price: Object, terms: Terms) -> str:
    recurring = price.get("recurring") or {"interval": "", "interval_count": 1}
    count = recurring["interval_count"]
    every = recurring["interval"] if count == 1 else f"every {count} {recurring['interval']}s"
    name = terms.name_of(price)
    if portion.is_flat:
        return f"{name} (Tier {portion.tier} flat fee at {shown(portion.amount, terms.currency)} / {every})"
    tier = f"Tier {portion.tier} at" if portion.tier else "at"
    return f"{portion.quantity} {_TIMES} {name} ({tier} {shown(portion.unit, terms.currency)} / {every})"


def _decimal(amount: Fraction) -> str:
    if amount.denominator == 1:
        return str(amount.numerator)
    return f"{float(amount):.12f}".rstrip("0")


def _day(moment: int) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at.day} {at:%b %Y}"
