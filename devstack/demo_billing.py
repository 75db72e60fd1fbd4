"""The demo's billing: a year of it, lived at the payments stand-in by the product's own services.

The stand-in's clock is set back and moved on through the year, so that invoices, prorations and renewals are as
they would have come. With a real Stripe key nothing of this happens.
"""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from billing import reconcile, sync
from billing.enums import Interval
from billing.models import BillingAccount
from billing.services import cards, details, quotes, subscriptions
from billing.services.details import BillingInfo
from tenants.audit import SYSTEM, Actor
from tenants.enums import Plan
from tenants.models import Tenant
from tenants.scope import operator_scope

_BEGAN_DAYS_AGO = 400
_GOOD, _FAILING = "pm_card_visa", "pm_card_chargeCustomerFail"
# Seats of acme over the year, by how many days ago they were changed.
_ACME_SEATS = ((350, 40), (288, 44), (200, 52), (107, 60))


@dataclass(frozen=True)
class Deed:
    """Something done so many days ago."""

    days_ago: int
    do: Callable[[], object]


@dataclass(frozen=True)
class Client:
    """Who subscribes to what, how it is billed, and since how many days."""

    slug: str
    plan: Plan
    seats: int
    since: int
    info: BillingInfo
    currency: str = "eur"
    interval: Interval = Interval.MONTH


CLIENTS = (
    Client("acme", Plan.BUSINESS, 34, 399, BillingInfo("Acme Studio ApS", "DK13585628", "DK", "billing@acme.test")),
    Client(
        "globex", Plan.STARTER, 10, 205, BillingInfo("Globex Logistics GmbH", "DE136695976", "DE", "ap@globex.test")
    ),
    Client("initech", Plan.STARTER, 5, 180, BillingInfo("Initech Inc.", "", "US", "pay@initech.test")),
)
# What the workspaces without people of the demo pay in, in turn.
_ELSEWHERE = (("usd", "US"), ("eur", "FR"), ("jpy", "JP"), ("isk", "IS"), ("kwd", "KW"), ("eur", "DK"))


def is_possible() -> bool:
    """Return whether Stripe is the stand-in on this machine."""
    return bool(urllib.parse.urlsplit(settings.STRIPE_API_BASE).hostname == "127.0.0.1")


def live(*, owner: Actor, others: list[str]) -> None:
    """Live the year, unless it was lived before; `others` are slugs of further workspaces."""
    if not is_possible() or _account("acme") is not None:
        return
    sync.catalogue()
    _control(action="webhooks", lose=1.0)  # the web is not there yet, and nothing of the past is news
    now = timezone.now()
    _set_clock(now - timedelta(days=_BEGAN_DAYS_AGO))
    for deed in sorted(_deeds(owner, others), key=lambda each: -each.days_ago):
        _set_clock(now - timedelta(days=deed.days_ago))
        deed.do()
    _set_clock(timezone.now())
    _control(action="clock", reset=True)
    with operator_scope():
        accounts = list(BillingAccount.objects.exclude(customer_id=None).select_related("tenant"))
    for account in accounts:
        sync.tenant(account.tenant, str(account.customer_id), sync.Wanted(is_whole=True))
        reconcile.compare(account.tenant)
    _control(action="webhooks", lose=0.0)


def _deeds(owner: Actor, others: list[str]) -> list[Deed]:
    deeds = [
        Deed(client.since, partial(_begin, client, owner if client.slug == "acme" else SYSTEM))
        for client in (*CLIENTS, *_further(others))
    ]
    acme = _tenant("acme")
    deeds += [
        Deed(days, partial(_change, acme, Plan.BUSINESS, Interval.MONTH, seats, owner)) for days, seats in _ACME_SEATS
    ]
    deeds.append(Deed(95, partial(_add_card, acme, _GOOD, owner)))  # the first one has expired since
    return [*deeds, Deed(100, partial(_add_card, _tenant("initech"), _FAILING, SYSTEM))]


def _further(slugs: list[str]) -> list[Client]:
    plans, made = list(Plan), []
    for number, slug in enumerate(slugs):
        currency, country = _ELSEWHERE[number % len(_ELSEWHERE)]
        tenant = _tenant(slug)
        info = BillingInfo(tenant.name, "", country, f"billing@{slug}.test")
        interval = Interval.YEAR if number % 4 == 1 else Interval.MONTH
        since = 20 + 17 * number
        made.append(Client(slug, plans[number % len(plans)], tenant.seats, since, info, currency, interval))
    return made


def _begin(client: Client, by: Actor) -> None:
    tenant = _tenant(client.slug)
    with operator_scope():
        BillingAccount.objects.create(tenant=tenant, currency=client.currency)
    details.update_billing_info(tenant=tenant, info=client.info, expected_version=None, by=by)
    _add_card(tenant, _GOOD, by)
    _change(tenant, client.plan, client.interval, client.seats, by)


def _add_card(tenant: Tenant, token: str, by: Actor) -> None:
    setup = cards.start_setup(tenant=tenant, by=by)
    intent = setup.client_secret.partition("_secret_")[0]
    asked = {"client_secret": setup.client_secret, "payment_method": token}
    confirmed = _post(f"/v1/setup_intents/{intent}/confirm", asked, setup.publishable_key)
    cards.set_default(tenant=tenant, payment_method=str(confirmed["payment_method"]), by=by)


def _change(tenant: Tenant, plan: Plan, interval: Interval, seats: int, by: Actor) -> UUID:
    _look(tenant)  # Stripe's clock has moved on, perhaps over a renewal
    quote = quotes.quote_change(tenant=tenant, plan=plan, interval=interval, seats=seats, by=by)
    return subscriptions.accept_quote(tenant=tenant, quote_id=quote.pk, by=by).pk


def _look(tenant: Tenant) -> None:
    with operator_scope():
        account = BillingAccount.objects.for_tenant(tenant).get()
    sync.tenant(tenant, str(account.customer_id))


def _tenant(slug: str) -> Tenant:
    with operator_scope():
        return Tenant.objects.get(slug=slug)


def _account(slug: str) -> BillingAccount | None:
    with operator_scope():
        return BillingAccount.objects.filter(tenant__slug=slug).first()


def _set_clock(moment: datetime) -> None:
    _control(action="clock", to=moment.isoformat())


def _control(**order: Any) -> None:
    request = urllib.request.Request(
        f"{settings.STRIPE_API_BASE}/_control", json.dumps(order).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def _post(path: str, params: dict[str, str], key: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-www-form-urlencoded"}
    body = urllib.parse.urlencode(params).encode()
    request = urllib.request.Request(f"{settings.STRIPE_API_BASE}{path}", body, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        read: dict[str, Any] = json.load(answer)
        return read
