"""What Stripe told us, kept before it is answered."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from billing.enums import InboxState
from billing.querysets import WebhookEventQuerySet


class WebhookEvent(models.Model):
    """One event, unique by its id. Of its content only names are kept: the worker asks Stripe how things are.

    So an event can come twice, late or in any order; it only says where to look. Its row belongs to the
    platform: which tenant it concerns is known once it is applied.
    """

    id = models.CharField(max_length=64, primary_key=True)
    type = models.CharField(max_length=100)
    api_version = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    customer_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    deliveries = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=16, choices=InboxState, default=InboxState.RECEIVED)
    is_flagged = models.BooleanField(default=False)
    is_found_by_us = models.BooleanField(default=False)
    tenant_slug = models.CharField(max_length=63, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookEventQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-received_at", "-id"], name="billing_event_newest"),
            models.Index(fields=["customer_id", "state"], name="billing_event_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"

    @property
    def state_label(self) -> str:
        """Return the state in words."""
        return InboxState(self.state).label
