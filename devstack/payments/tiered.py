"""Tiered prices: their tiers are kept beside the price, which shows them only where `expand[]=tiers` asks."""

from __future__ import annotations

from typing import Any

from devstack.payments import fields, readers
from devstack.payments.errors import invalid, missing
from devstack.payments.expanding import INCLUDED
from devstack.payments.objects import Object
from devstack.payments.store import Shelf

_AMOUNTS = {
    "flat_amount": fields.amount,
    "flat_amount_decimal": fields.decimal_amount,
    "unit_amount": fields.amount,
    "unit_amount_decimal": fields.decimal_amount,
}


def _up_to(value: Any, param: str) -> int | None:
    return None if value == "inf" else fields.amount(value, param)


TIERS = readers.groups({**_AMOUNTS, "up_to": _up_to})


def demand_sound(given: Object) -> list[Object]:
    """Take `tiers` out of what a new price is given, and return them as Stripe keeps them.

    Raises:
        StripeError: there are none, no mode, or they do not rise to one without an end.
    """
    tiers = given.pop("tiers", None)
    if not tiers:
        raise missing("tiers")
    fields.demand(given, "tiers_mode")
    for index, tier in enumerate(tiers):
        fields.demand(tier, "up_to")
        is_last = index == len(tiers) - 1
        if (tier["up_to"] is None) != is_last:
            raise invalid("tiers", "The last tier, and no other, must have `inf` as `up_to`.")
        if index and not is_last and tier["up_to"] <= tiers[index - 1]["up_to"]:
            raise invalid("tiers", "Tiers must be in ascending order of `up_to`.")
    return [_kept(tier) for tier in tiers]


def keep(shelf: Shelf, price: str, tiers: list[Object]) -> None:
    """Keep the tiers of a new price."""
    shelf.add({"id": f"tiers_{price}", "object": "_tiers", "tiers": tiers})


def of(shelf: Shelf, price: Object) -> list[Object]:
    """Return the tiers of a price."""
    kept = shelf.get("_tiers", f"tiers_{price['id']}")
    return list(kept["tiers"]) if kept else []


def _kept(tier: Object) -> Object:
    kept: Object = {"up_to": tier["up_to"]}
    for name in ("flat_amount", "unit_amount"):
        exact = tier.get(f"{name}_decimal", tier.get(name))
        is_whole = exact is not None and exact == int(exact)
        kept[name] = int(exact) if exact is not None and is_whole else None
        kept[f"{name}_decimal"] = None if exact is None else str(int(exact)) if is_whole else str(exact)
    return kept


INCLUDED["price", "tiers"] = of
