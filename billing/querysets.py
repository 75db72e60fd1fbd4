"""Filters over what billing keeps of tenants."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.enums import InboxState, InvoiceStatus, SubscriptionStatus, WriteState
from tenants.querysets import TenantOwnedQuerySet

if TYPE_CHECKING:
    from billing.models import (  # noqa: F401 - named in bases
        BillingAccount,
        BillingNotice,
        DriftReport,
        Invoice,
        Quote,
        StripeWrite,
        WebhookEvent,
    )

# Stripe forgets an idempotency key after a day; an hour less keeps us on the safe side.
KEY_LIFE = timedelta(hours=23)
MAX_ATTEMPTS = 12
# What invoices are asked for by; money paid back is no state of Stripe's.
INVOICE_FILTERS = (
    (InvoiceStatus.OPEN.value, "Open"),
    (InvoiceStatus.PAID.value, "Paid"),
    ("refunded", "Refunded"),
    (InvoiceStatus.UNCOLLECTIBLE.value, "Written off"),
    (InvoiceStatus.VOID.value, "Void"),
)


class BillingAccountQuerySet(TenantOwnedQuerySet["BillingAccount"]):
    """Accounts by customer and state."""

    def of_customer(self, customer_id: str) -> Self:
        """Return the account of a Stripe customer."""
        return self.filter(customer_id=customer_id)

    def past_due(self) -> Self:
        """Return the accounts whose last payment failed."""
        return self.filter(status__in=[SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID])


class InvoiceQuerySet(TenantOwnedQuerySet["Invoice"]):
    """Invoices by state."""

    def shown(self) -> Self:
        """Return what a customer sees: drafts are Stripe's own business."""
        return self.exclude(status=InvoiceStatus.DRAFT)

    def open(self) -> Self:
        """Return the invoices that wait for money."""
        return self.filter(status=InvoiceStatus.OPEN)

    def matching(self, status: str) -> Self:
        """Return the invoices of one of the `INVOICE_FILTERS`; all of them for no status."""
        if status == "refunded":
            return self.filter(status=InvoiceStatus.PAID, refunded_minor__gt=0)
        if status == InvoiceStatus.PAID:
            return self.filter(status=status, refunded_minor=0)
        return self.filter(status=status) if status else self


class QuoteQuerySet(TenantOwnedQuerySet["Quote"]):
    """Quotes by state."""

    def taken_up(self) -> Self:
        """Return the quotes that somebody said yes to, the latest first."""
        return self.exclude(accepted_at=None).order_by("-accepted_at")


class StripeWriteQuerySet(TenantOwnedQuerySet["StripeWrite"]):
    """Writes by state."""

    def pending(self) -> Self:
        """Return the writes whose answer is not known, and whose key Stripe still remembers."""
        return self.filter(state=WriteState.PENDING, created_at__gt=timezone.now() - KEY_LIFE)

    def done(self) -> Self:
        """Return the writes that were answered, and whose key Stripe still remembers."""
        return self.filter(state=WriteState.DONE, created_at__gt=timezone.now() - KEY_LIFE)

    def forgotten(self) -> Self:
        """Return the writes whose answer never came, and whose key Stripe has forgotten."""
        return self.filter(state=WriteState.PENDING, created_at__lte=timezone.now() - KEY_LIFE)


class BillingNoticeQuerySet(TenantOwnedQuerySet["BillingNotice"]):
    """Mails to send once."""


class DriftReportQuerySet(TenantOwnedQuerySet["DriftReport"]):
    """What comparing with Stripe found."""


class WebhookEventQuerySet(models.QuerySet["WebhookEvent"]):
    """Deliveries by state; they belong to the platform, whose operators alone read them."""

    def waiting(self) -> Self:
        """Return what is to be applied now: what came, and what failed and may be tried again."""
        is_due = Q(next_try_at__isnull=True) | Q(next_try_at__lte=timezone.now())
        return self.filter(Q(state=InboxState.RECEIVED) | Q(state=InboxState.FAILED, attempts__lt=MAX_ATTEMPTS)).filter(
            is_due
        )

    def matching(self, text: str) -> Self:
        """Return the events whose id, type, customer or tenant begins with `text`."""
        if not text:
            return self
        return self.filter(
            Q(id=text) | Q(type__startswith=text) | Q(customer_id=text) | Q(object_id=text) | Q(tenant_slug=text)
        )
