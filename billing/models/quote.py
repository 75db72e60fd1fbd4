"""A price that was shown before it was agreed to."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

from billing.enums import Interval, QuoteState
from billing.money import Money
from billing.querysets import QuoteQuerySet
from tenants.enums import Plan
from tenants.models import Tenant

QUOTE_LIFE = timedelta(minutes=30)


class Quote(models.Model):
    """What a change would cost, as Stripe previewed it, and what was charged in the end.

    `proration_at` is the moment up to which Stripe counted the old price: the change is made as of then,
    so that the invoice is the preview to the last unit, however long somebody looked at it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="quotes")
    state = models.CharField(max_length=16, choices=QuoteState, default=QuoteState.OPEN)
    created_by_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    plan = models.CharField(max_length=16, choices=Plan)
    interval = models.CharField(max_length=8, choices=Interval)
    seats = models.PositiveIntegerField()
    price_id = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    subscription_id = models.CharField(max_length=64, blank=True)
    # What the subscription was when the quote was made; anything else by now makes it void.
    before = models.JSONField(default=dict)
    proration_at = models.BigIntegerField(null=True, blank=True)
    lines = models.JSONField(default=list)
    total_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField(default=0)
    due_minor = models.BigIntegerField()
    next_minor = models.BigIntegerField(null=True, blank=True)
    monthly_minor = models.BigIntegerField()
    invoice_id = models.CharField(max_length=64, blank=True)
    invoiced_minor = models.BigIntegerField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)

    objects = QuoteQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["tenant", "-created_at"], name="billing_quote_newest")]

    def __str__(self) -> str:
        return f"{self.plan}, {self.seats} seats"

    @property
    def is_expired(self) -> bool:
        """Return whether the price has been shown for too long to stand."""
        return self.state == QuoteState.OPEN and timezone.now() > self.stands_until

    @property
    def stands_until(self) -> datetime:
        """Return when the price is too old to be agreed to."""
        return self.created_at + QUOTE_LIFE

    @property
    def is_open(self) -> bool:
        """Return whether nobody has said yes to it yet."""
        return self.state == QuoteState.OPEN

    @property
    def is_different(self) -> bool:
        """Return whether something else was charged than was shown."""
        return self.state == QuoteState.DIFFERENT

    @property
    def invoiced(self) -> Money | None:
        """Return the total of the invoice that came of it."""
        return None if self.invoiced_minor is None else Money(self.currency, self.invoiced_minor)

    @property
    def credit_used(self) -> Money:
        """Return how much of the total a credit pays."""
        return Money(self.currency, max(0, self.total_minor - self.due_minor) if self.total_minor > 0 else 0)

    @property
    def priced_lines(self) -> list[tuple[str, Money]]:
        """Return Stripe's own lines, each with its amount before tax."""
        return [(line["description"], Money(self.currency, int(line["amount_minor"]))) for line in self.lines]

    @property
    def interval_label(self) -> str:
        """Return how often it is billed, in words."""
        return Interval(self.interval).label

    @property
    def total(self) -> Money:
        """Return the total of the change's invoice, tax included; negative is a credit."""
        return Money(self.currency, self.total_minor)

    @property
    def tax(self) -> Money:
        """Return the tax in it."""
        return Money(self.currency, self.tax_minor)

    @property
    def due(self) -> Money:
        """Return what the card is charged now."""
        return Money(self.currency, self.due_minor)

    @property
    def monthly(self) -> Money:
        """Return the spend of a month from then on, before tax."""
        return Money(self.currency, self.monthly_minor)

    @property
    def plan_label(self) -> str:
        """Return the plan in words."""
        return Plan(self.plan).label
