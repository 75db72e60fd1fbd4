"""What plans cost: Stripe's own prices, by plan, currency and interval."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from billing.enums import Interval
from billing.money import Money
from tenants.enums import Plan


class PlanPrice(models.Model):
    """One price of the catalogue, mirrored from Stripe by its lookup key `<plan>_<currency>_<interval>` (P2)."""

    price_id = models.CharField(max_length=64, primary_key=True)
    plan = models.CharField(max_length=16, choices=Plan)
    currency = models.CharField(max_length=3)
    interval = models.CharField(max_length=8, choices=Interval)
    unit_minor = models.BigIntegerField()
    is_active = models.BooleanField(default=True)
    synced_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "currency", "interval"],
                condition=models.Q(is_active=True),
                name="billing_price_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.currency} {self.interval}"

    @property
    def unit(self) -> Money:
        """Return what a seat costs in one interval, before tax."""
        return Money(self.currency, self.unit_minor)

    @property
    def plan_label(self) -> str:
        """Return the plan in words."""
        return Plan(self.plan).label
