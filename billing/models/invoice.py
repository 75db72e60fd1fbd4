"""An invoice as the customer sees it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from billing.enums import InvoiceStatus
from billing.money import Money
from billing.querysets import InvoiceQuerySet
from tenants.models import Tenant


class Invoice(models.Model):
    """One of Stripe's invoices, projected from the mirror; amounts as Stripe has them, in minor units."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invoices")
    stripe_id = models.CharField(max_length=64, unique=True)
    payment_intent_id = models.CharField(max_length=64, blank=True)
    number = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=16, choices=InvoiceStatus)
    reason = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField(default=0)
    amount_due_minor = models.BigIntegerField(default=0)
    amount_paid_minor = models.BigIntegerField(default=0)
    amount_remaining_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    pdf_url = models.URLField(max_length=500, blank=True)
    hosted_url = models.URLField(max_length=500, blank=True)
    synced_at = models.DateTimeField()

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="billing_invoice_page"),
            models.Index(fields=["tenant", "status"], name="billing_invoice_by_status"),
            models.Index(fields=["tenant", "payment_intent_id"], name="billing_invoice_by_payment"),
        ]

    def __str__(self) -> str:
        return self.number or self.stripe_id

    @property
    def total(self) -> Money:
        """Return the total, tax included."""
        return Money(self.currency, self.total_minor)

    @property
    def tax(self) -> Money:
        """Return the tax in the total."""
        return Money(self.currency, self.tax_minor)

    @property
    def paid(self) -> Money:
        """Return what was paid."""
        return Money(self.currency, self.amount_paid_minor)

    @property
    def is_open(self) -> bool:
        """Return whether it waits for money."""
        return self.status == InvoiceStatus.OPEN

    @property
    def remaining(self) -> Money:
        """Return what is still to be paid."""
        return Money(self.currency, self.amount_remaining_minor)

    @property
    def refunded(self) -> Money:
        """Return what was paid back."""
        return Money(self.currency, self.refunded_minor)

    @property
    def tone(self) -> str:
        """Return the colour that goes with the word."""
        if self.status == InvoiceStatus.PAID:
            return "warn" if self.refunded_minor else "ok"
        if self.status == InvoiceStatus.OPEN:
            return "bad" if self.attempts else "info"
        return "n"

    @property
    def status_label(self) -> str:
        """Return the status in words; money paid back is told beside it."""
        if self.status == InvoiceStatus.PAID and self.refunded_minor:
            return "Refunded" if self.refunded_minor >= self.amount_paid_minor else "Partly refunded"
        return InvoiceStatus(self.status).label
