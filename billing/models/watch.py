"""How far the search for lost events has come."""

from __future__ import annotations

from django.db import models


class BillingWatch(models.Model):
    """One row: up to which of Stripe's events nothing is missing, and when that was found out."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    events_seen_until = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"events seen until {self.events_seen_until}"
