"""The price that was shown is the price that is charged, to the last unit.

Every cell is a plan, seats up or down, a day of the month, a country with its tax, and a currency. Between quote
and acceptance the person thinks for a while: Stripe's clock goes on. The invoice is read from Stripe itself.
`bin/dezky prove quotes` runs all of them; `bin/dezky test` one country for each currency.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing import sync
from billing.enums import Interval, QuoteState
from billing.gateway import writes as gateway_writes
from billing.models import BillingAccount, Quote
from billing.services import quotes, subscriptions
from billing.services.details import BillingInfo
from tenants.audit import SYSTEM
from tenants.enums import Plan
from tenants.models import Tenant
from tenants.scope import operator_scope
from tests.billing.at_stripe import call, ready_to_pay
from tests.contract.checked_stripe import CheckedStripe
from tests.factories import TenantFactory

pytestmark = [pytest.mark.proof, pytest.mark.django_db]

_IS_FULL = os.environ.get("DEZKY_PROVE") == "full"
_BEGIN = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)  # anchored at a day that not every month has
_DAYS = (3, 14, 15, 27, 28)
_THINKING_SECONDS = 97
CURRENCIES = ("eur", "usd", "jpy", "kwd", "isk")
PLANS = (Plan.STARTER, Plan.BUSINESS, Plan.ENTERPRISE)
# What the seller's country, Denmark, makes of each: 25 %, 19 %, reverse charge, nothing.
PLACES = {
    "at-home": BillingInfo("Acme ApS", "DK13585628", "DK", "b@acme.test"),
    "abroad-without-number": BillingInfo("Acme GmbH", "", "DE", "b@acme.test"),
    "abroad-with-number": BillingInfo("Acme GmbH", "DE136695976", "DE", "b@acme.test"),
    "overseas": BillingInfo("Acme Inc.", "", "US", "b@acme.test"),
}
_ALL = [(place, currency) for place in PLACES for currency in CURRENCIES]
_SOME = list(zip([*PLACES, "abroad-with-number"], CURRENCIES, strict=True))


@dataclass(frozen=True)
class Cell:
    """One change of a subscription, and when it is made."""

    plan: Plan
    seats: int
    at: datetime


@dataclass(frozen=True)
class Result:
    """What was quoted, and what Stripe's own invoice says."""

    cell: Cell
    quote: Quote
    invoice: dict[str, Any] | None

    @property
    def is_same(self) -> bool:
        """Return whether the invoice is the quote: total, tax, what was due, and each line."""
        if self.invoice is None:
            return self.quote.total_minor == 0
        lines = [each["amount"] for each in self.invoice["lines"]["data"]]
        return (
            self.quote.state == QuoteState.ACCEPTED
            and self.quote.total_minor == self.invoice["total"] == self.quote.invoiced_minor
            and self.quote.tax_minor == sum(tax["amount"] for tax in self.invoice["total_taxes"])
            and self.quote.due_minor == self.invoice["amount_due"]
            and sorted(lines) == sorted(line["amount_minor"] for line in self.quote.lines)
        )


def _cells() -> Iterator[Cell]:
    """Yield plans with seats up and down over the days of month after month: 3 x 2 x 5."""
    month = 2
    for plan in PLANS:
        for direction in (1, -1):
            for number, day in enumerate(_DAYS):
                seats = 40 + direction * (3 * number + 2) + (7 if plan is Plan.BUSINESS else 0)
                yield Cell(plan, seats, datetime(2026, month, day, 9 + number, 7 * number, 13, tzinfo=UTC))
            month += 1


def _subscribed(stripe: CheckedStripe, place: BillingInfo, currency: str) -> Tenant:
    stripe.control(action="clock", to=_BEGIN.isoformat())
    sync.catalogue()
    tenant: Tenant = TenantFactory()
    with operator_scope():
        BillingAccount.objects.create(tenant=tenant, currency=currency)
    ready_to_pay(stripe, tenant, place)
    quote = quotes.quote_change(tenant=tenant, plan=Plan.STARTER, interval=Interval.MONTH, seats=40, by=SYSTEM)
    subscriptions.accept_quote(tenant=tenant, quote_id=quote.pk, by=SYSTEM)
    return tenant


def _change(stripe: CheckedStripe, tenant: Tenant, cell: Cell) -> Result:
    stripe.control(action="clock", to=cell.at.isoformat())
    _sync(tenant)
    quote = quotes.quote_change(tenant=tenant, plan=cell.plan, interval=Interval.MONTH, seats=cell.seats, by=SYSTEM)
    later = cell.at + timedelta(seconds=_THINKING_SECONDS)
    stripe.control(action="clock", to=later.isoformat())
    done = subscriptions.accept_quote(tenant=tenant, quote_id=quote.pk, by=SYSTEM)
    invoice = call(stripe, "GET", f"invoices/{done.invoice_id}") if done.invoice_id else None
    return Result(cell, done, invoice)


def _sync(tenant: Tenant) -> None:
    with operator_scope():
        customer_id = BillingAccount.objects.for_tenant(tenant).values_list("customer_id", flat=True).get()
    sync.tenant(tenant, str(customer_id))


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("place", "currency"), _ALL if _IS_FULL else _SOME)
def test_the_invoice_is_the_quote(stripe: CheckedStripe, place: str, currency: str) -> None:
    """P1, must hold for each of the 30 cells of a place and a currency: 600 in all."""
    tenant = _subscribed(stripe, PLACES[place], currency)
    cells = list(_cells()) if _IS_FULL else list(_cells())[::3]
    results = [_change(stripe, tenant, cell) for cell in cells]
    assert _problems(results, place) == []
    assert {r.quote.total_minor > 0 for r in results} == {True, False}  # both charges and credits were met
    assert len(results) == (30 if _IS_FULL else 10)


def _problems(results: list[Result], place: str) -> list[str]:
    """Return where an invoice is not its quote, and where tax is not what the place asks for."""
    is_taxed = place in ("at-home", "abroad-without-number")
    different = [
        f"{r.cell}: quoted {r.quote.total_minor}, charged {r.invoice and r.invoice['total']}"
        for r in results
        if not r.is_same
    ]
    mistaxed = [r for r in results if r.quote.total_minor and is_taxed is not bool(r.quote.tax_minor)]
    return different + [f"{r.cell}: tax {r.quote.tax_minor}" for r in mistaxed]


def _without(params: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """Return parameters that lack one of theirs."""
    made = copy.deepcopy(params)
    inner: Any = made
    for step in path[:-1]:
        inner = inner[step]
    inner.pop(path[-1])
    return made


def _update_without(path: tuple[str | int, ...]) -> Callable[..., Any]:
    update = gateway_writes.update_subscription
    return lambda name, params, *, key: update(name, _without(params, *path), key=key)


def _preview_without(path: tuple[str | int, ...]) -> Callable[..., Any]:
    preview = quotes.preview_params
    return lambda *args: _without(preview(*args), *path)


# What the product might forget to send, by what takes its place.
_FORGETFUL: dict[str, tuple[Any, str, Callable[[], Any]]] = {
    "proration_date": (gateway_writes, "update_subscription", lambda: _update_without(("proration_date",))),
    "quantity": (gateway_writes, "update_subscription", lambda: _update_without(("items", 0, "quantity"))),
    "quantity of the preview": (
        quotes,
        "preview_params",
        lambda: _preview_without(("subscription_details", "items", 0, "quantity")),
    ),
    "tax id": (gateway_writes, "create_tax_id", lambda: lambda *_args, key: {"id": key}),
}


@pytest.mark.parametrize("what", _FORGETFUL)
def test_it_is_seen_when_the_code_drops_something(
    stripe: CheckedStripe, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The proof can fail: each of these was sent, and is needed."""
    place, cells = "abroad-with-number", list(_cells())[:2]
    tenant = _subscribed(stripe, PLACES[place], "eur") if what != "tax id" else None
    module, name, replacement = _FORGETFUL[what]
    monkeypatch.setattr(module, name, replacement())
    tenant = tenant or _subscribed(stripe, PLACES[place], "eur")
    assert len(_problems([_change(stripe, tenant, cell) for cell in cells], place)) == 2
