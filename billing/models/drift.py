"""How a tenant's mirror compared with Stripe, and when."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from billing.enums import DriftState
from billing.querysets import DriftReportQuerySet
from tenants.models import Tenant


class DriftReport(models.Model):
    """The last comparison: `differences` names each field with what we had and what Stripe has."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="drift_report")
    state = models.CharField(max_length=16, choices=DriftState)
    checked_at = models.DateTimeField(default=timezone.now)
    compared_at = models.DateTimeField(null=True, blank=True)
    differences = models.JSONField(default=list)
    healed = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)

    objects = DriftReportQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["checked_at"], name="billing_drift_oldest")]

    def __str__(self) -> str:
        return f"{self.state} at {self.checked_at:%Y-%m-%d %H:%M}"

    @property
    def state_label(self) -> str:
        """Return the state in words."""
        return DriftState(self.state).label
