"""A write to Stripe, kept before it is sent."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from billing.enums import Operation, WriteState
from billing.querysets import StripeWriteQuerySet
from tenants.models import Tenant


class StripeWrite(models.Model):
    """What was, or may have been, done at Stripe; its id is the idempotency key (P1).

    While it is pending there is one for its tenant, operation and content: whoever asks for the same again
    sends the same key, and Stripe answers what it answered before.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="stripe_writes")
    operation = models.CharField(max_length=32, choices=Operation)
    content = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=WriteState, default=WriteState.PENDING)
    object_id = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = StripeWriteQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "operation", "content"],
                condition=models.Q(state=WriteState.PENDING),
                name="billing_write_once_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.state}"

    @property
    def key(self) -> str:
        """Return the idempotency key."""
        return f"dezky-{self.id}"
