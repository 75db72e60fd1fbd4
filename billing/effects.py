"""What follows from a change that the projection sees: log lines, and mails that go out once.

They hang on states, not on events: an event that comes twice, late or never changes nothing here.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from billing import notices
from billing.enums import InvoiceStatus, NoticeKind
from billing.models import BillingAccount, Invoice
from tenants import audit
from tenants.audit import SYSTEM, Change, Thing
from tenants.enums import AuditAction
from tenants.models import Tenant

# What is seen for the first time and is older than this is history, told to nobody by mail.
_NEWS = timedelta(days=3)


def of_invoice(*, tenant: Tenant, before: Invoice | None, after: Invoice) -> None:
    """Note what has happened to an invoice since it was last seen."""
    is_newly_paid = after.status == InvoiceStatus.PAID and (before is None or before.status != InvoiceStatus.PAID)
    if is_newly_paid and after.amount_paid_minor > 0:
        _log(tenant, AuditAction.INVOICE_PAID, after, Change("paid", "", f"{after.amount_paid_minor} {after.currency}"))
        if after.paid_at and after.paid_at > timezone.now() - _NEWS:
            notices.promise(tenant=tenant, kind=NoticeKind.RECEIPT, subject=after.stripe_id)
    has_failed = after.status == InvoiceStatus.OPEN and after.attempts > (before.attempts if before else 0)
    if has_failed:
        _log(tenant, AuditAction.PAYMENT_FAILED, after, Change("attempts", "", str(after.attempts)))
        if after.created_at > timezone.now() - timedelta(days=60):
            subject = f"{after.stripe_id}:{after.attempts}"
            notices.promise(tenant=tenant, kind=NoticeKind.PAYMENT_FAILED, subject=subject)


def of_refund(*, tenant: Tenant, invoice: Invoice, before_minor: int) -> None:
    """Note that money went back."""
    change = Change("refunded", f"{before_minor} {invoice.currency}", f"{invoice.refunded_minor} {invoice.currency}")
    _log(tenant, AuditAction.INVOICE_REFUNDED, invoice, change)


def of_subscription(*, tenant: Tenant, before: BillingAccount, after: BillingAccount) -> None:
    """Note what Stripe did to the subscription without anybody here."""
    names = ("status", "plan", "seats", "is_cancelling")
    changes = tuple(
        Change(name, str(getattr(before, name)), str(getattr(after, name)))
        for name in names
        if getattr(before, name) != getattr(after, name)
    )
    if changes:
        audit.record(
            tenant=tenant,
            action=AuditAction.SUBSCRIPTION_STATUS,
            by=SYSTEM,
            thing=Thing(type="subscription", id=after.subscription_id or before.subscription_id, label=tenant.name),
            changes=changes,
        )


def _log(tenant: Tenant, action: AuditAction, invoice: Invoice, change: Change) -> None:
    thing = Thing(type="invoice", id=invoice.stripe_id, label=str(invoice))
    audit.record(tenant=tenant, action=action, by=SYSTEM, thing=thing, changes=(change,))
