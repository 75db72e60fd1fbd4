"""One customer brought up to date: asked for, mirrored, projected, all or nothing.

Two of these may run at once. Each remembers the state that it began from, and whoever finds that somebody else
has written meanwhile asks again: an older answer never lies over a newer one (W3).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from billing import effects, mirror, projection, snapshot, writes
from billing.enums import LIVING_STATUSES, InvoiceStatus, SubscriptionStatus
from billing.errors import Busy
from billing.gateway import reads
from billing.models import BillingAccount, Invoice, PlanPrice
from billing.projection import Difference
from billing.snapshot import Snapshot
from tenants.audit import SYSTEM, Actor
from tenants.enums import Plan
from tenants.models import Tenant
from tenants.scope import operator_scope
from tenants.services import workspaces

_TRIES = 5
SUBSCRIBER_KEY = "djstripe_subscriber"
_PAYING = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID})

type Note = Callable[[BillingAccount], None]


class Overtaken(Exception):
    """Somebody else has written since we asked."""


@dataclass(frozen=True)
class Wanted:
    """What to look at beside the customer and the newest invoices; `is_whole` looks at everything."""

    invoice_ids: frozenset[str] = frozenset()
    payment_intents: frozenset[str] = frozenset()
    is_whole: bool = False


@dataclass
class Synced:
    """Whose it was, and what was not as Stripe says."""

    tenant: Tenant
    account: BillingAccount
    differences: list[Difference] = field(default_factory=list)


def customer(customer_id: str, wanted: Wanted = Wanted()) -> Synced | None:
    """Bring the tenant of a Stripe customer up to date; None if it is nobody's here.

    Raises:
        StripeAway, Refused: Stripe did not say.
    """
    owner = _owner_of(customer_id)
    return None if owner is None else tenant(owner, customer_id, wanted)


def tenant(
    owner: Tenant, customer_id: str, wanted: Wanted = Wanted(), *, by: Actor = SYSTEM, note: Note | None = None
) -> Synced:
    """Bring a tenant up to date; `note` runs in the same transaction, after everything else.

    Raises:
        StripeAway, Refused: Stripe did not say.
        Busy: others have written each time.
    """
    for _ in range(_TRIES):
        began_from = _synced_at(owner)
        found = _ask(customer_id, wanted)
        try:
            return _apply(owner, found, began_from, by, note)
        except Overtaken:
            continue
    raise Busy("Somebody else is changing this right now. Try again in a moment.", retry_after_seconds=2)


def catalogue() -> int:
    """Mirror the prices of the plans; return how many there are."""
    prices = list(reads.prices())
    now = timezone.now()
    with operator_scope():
        mirror.store_prices(prices)
        seen = {}
        for price in prices:
            fields = projection.catalogue_fields(price)
            if fields is not None:
                seen[price["id"]] = fields
        PlanPrice.objects.exclude(price_id__in=seen).update(is_active=False)
        for price_id, fields in sorted(seen.items(), key=lambda each: bool(each[1]["is_active"])):
            PlanPrice.objects.update_or_create(price_id=price_id, defaults={**fields, "synced_at": now})
    return len(seen)


def _ask(customer_id: str, wanted: Wanted) -> Snapshot:
    if wanted.is_whole:
        return snapshot.take_whole(customer_id)
    return snapshot.take(customer_id, invoice_ids=wanted.invoice_ids, payment_intents=wanted.payment_intents)


def _owner_of(customer_id: str) -> Tenant | None:
    """Return whose customer it is: known here, or said so by its own metadata."""
    with operator_scope():
        account = BillingAccount.objects.of_customer(customer_id).select_related("tenant").first()
        if account is not None:
            return account.tenant
    named = (reads.customer(customer_id).get("metadata") or {}).get(SUBSCRIBER_KEY, "")
    try:
        tenant_id = UUID(named)
    except ValueError:
        return None
    with operator_scope():
        owner = Tenant.objects.filter(pk=tenant_id).first()
        if owner is None:
            return None
        account, _ = BillingAccount.objects.get_or_create(
            tenant=owner, defaults={"currency": settings.STRIPE_CURRENCY, "customer_id": customer_id}
        )
        # A second customer of one tenant is not taken for the first.
        return owner if account.customer_id in (None, customer_id) else None


def _synced_at(owner: Tenant) -> datetime | None:
    with operator_scope():
        return BillingAccount.objects.for_tenant(owner).values_list("synced_at", flat=True).first()


def _apply(owner: Tenant, found: Snapshot, began_from: datetime | None, by: Actor, note: Note | None) -> Synced:
    with operator_scope():
        account, _ = BillingAccount.objects.select_for_update().get_or_create(
            tenant=owner, defaults={"currency": settings.STRIPE_CURRENCY}
        )
        if account.synced_at != began_from:
            raise Overtaken
        mirror.store(found)
        if found.customer.get("deleted"):
            writes.forget_customer(owner, found.customer_id)
        before = copy.copy(account)
        now = timezone.now()
        changed = _project_account(account, _mirrored(found), now)
        changed += _project_invoices(owner, found.invoices, now)
        changed += _forget_deleted(owner, found)
        changed += _project_refunds(owner, found.refunded)
        _project_debts(account)
        account.synced_at = now
        account.save()
        if not writes.is_changing_subscription(owner):
            effects.of_subscription(tenant=owner, before=before, after=account)
        _project_tenant(owner, account, by)
        if note is not None:
            note(account)
    return Synced(owner, account, changed)


def _mirrored(found: Snapshot) -> Snapshot:
    """Return the mirror's own words of what was just kept; a deleted customer has none."""
    if found.customer.get("deleted"):
        return found
    return mirror.load(found.customer_id) or found


def _project_account(account: BillingAccount, mirrored: Snapshot, now: datetime) -> list[Difference]:
    fields = projection.account_fields(mirrored, at=int(now.timestamp()))
    changed = projection.differences("account", projection.fields_of(account, fields), fields)
    details = {"company", "email", "country", "vat_number"}
    if any(each.field in details for each in changed):
        account.details_version += 1
    for name, value in fields.items():
        setattr(account, name, value)
    return changed


def _project_invoices(owner: Tenant, invoices: Iterable[dict[str, Any]], now: datetime) -> list[Difference]:
    changed: list[Difference] = []
    found = {each["id"]: projection.invoice_fields(each) for each in invoices}
    known = {row.stripe_id: row for row in Invoice.objects.for_tenant(owner).filter(stripe_id__in=found)}
    for stripe_id, fields in sorted(found.items(), key=lambda each: (each[1]["created_at"], each[0])):
        row = known.get(stripe_id)
        if row is None:
            row, before = Invoice(tenant=owner, synced_at=now, **fields), None
            changed.append(Difference(fields["number"] or stripe_id, "invoice", "", "there"))
            row.save(force_insert=True)
        else:
            before = copy.copy(row)
            here = projection.differences(str(row), projection.fields_of(row, fields), fields)
            changed += here
            if not here:
                continue
            for name, value in fields.items():
                setattr(row, name, value)
            row.synced_at = now
            row.save()
        effects.of_invoice(tenant=owner, before=before, after=row)
    return changed


def _forget_deleted(owner: Tenant, found: Snapshot) -> list[Difference]:
    """Take away what Stripe has no more: a draft that was deleted there. What was ever charged stays."""
    if not found.is_whole:
        return []
    drafts = Invoice.objects.for_tenant(owner).filter(status=InvoiceStatus.DRAFT)
    gone = drafts.exclude(stripe_id__in=[each["id"] for each in found.invoices])
    changed = [Difference(str(row), "invoice", "there", "") for row in gone]
    gone.delete()
    return changed


def _project_refunds(owner: Tenant, refunded: dict[str, int]) -> list[Difference]:
    changed: list[Difference] = []
    rows = Invoice.objects.for_tenant(owner).filter(payment_intent_id__in=refunded)
    for row in rows:
        amount, before = refunded[row.payment_intent_id], row.refunded_minor
        if amount == before:
            continue
        changed.append(Difference(str(row), "refunded_minor", str(before), str(amount)))
        row.refunded_minor = amount
        row.save(update_fields=["refunded_minor"])
        effects.of_refund(tenant=owner, invoice=row, before_minor=before)
    return changed


def _project_debts(account: BillingAccount) -> None:
    """Note since when money is missing, and when Stripe tries again."""
    unpaid = Invoice.objects.for_tenant(account.tenant).filter(status=InvoiceStatus.OPEN, attempts__gt=0)
    oldest = unpaid.order_by("created_at").values_list("created_at", flat=True).first()
    account.past_due_since = oldest if account.is_past_due else None
    account.next_attempt_at = (
        unpaid.exclude(next_attempt_at=None)
        .order_by("next_attempt_at")
        .values_list("next_attempt_at", flat=True)
        .first()
        if account.is_past_due
        else None
    )


def _project_tenant(owner: Tenant, account: BillingAccount, by: Actor) -> None:
    """Give the workspace the plan and seats that are subscribed to; what has ended takes nothing away."""
    if account.status in LIVING_STATUSES and account.plan:
        workspaces.apply_plan(
            tenant=owner,
            plan=Plan(account.plan),
            seats=account.seats,
            is_paying=account.status in _PAYING,
            by=by,
        )
