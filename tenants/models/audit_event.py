"""The audit log: who did what, appended and never changed."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from tenants.enums import ActorType, AuditAction, Outcome
from tenants.models.tenant import Tenant
from tenants.querysets import AuditEventQuerySet


class AuditEvent(models.Model):
    """One thing that happened; an event without a tenant is a platform event.

    Names are copied, so that the log reads the same after a person or a partner is gone. The
    database's role may insert and read, never change or delete (L1); `hash` chains each event to
    the one before it in the same tenant.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, related_name="audit_events")
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=64, choices=AuditAction)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.SUCCESS)
    actor_type = models.CharField(max_length=16, choices=ActorType)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=255)
    actor_email = models.CharField(max_length=320, blank=True)
    firm = models.CharField(max_length=200, blank=True)
    on_behalf_of = models.CharField(max_length=255, blank=True)
    grant_id = models.UUIDField(null=True)
    object_type = models.CharField(max_length=64, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    object_label = models.CharField(max_length=255, blank=True)
    changes = models.JSONField(default=list)
    reason = models.CharField(max_length=200, blank=True)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "sequence"], name="tenants_audit_sequence", nulls_distinct=False),
        ]
        indexes: ClassVar = [models.Index(fields=["tenant", "-at", "-id"], name="tenants_audit_page")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action_label}"

    @property
    def action_label(self) -> str:
        """Return the action in words, to stand behind the actor's name."""
        return AuditAction(self.action).label if self.action in AuditAction.values else self.action

    @property
    def outcome_label(self) -> str:
        """Return the outcome in words."""
        return Outcome(self.outcome).label


class AuditHead(models.Model):
    """The end of one tenant's chain (the platform's has no tenant); its row lock orders the writers."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, null=True, related_name="audit_head")
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant"], name="tenants_audithead_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"audit of {self.tenant_id} at {self.sequence}"
