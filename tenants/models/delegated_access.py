"""What a tenant lets a partner do, and until when."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from tenants.enums import Permission
from tenants.models.tenant import Tenant
from tenants.querysets import DelegatedAccessQuerySet


class DelegatedAccess(models.Model):
    """A grant to a partner's staff: named permissions with an end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="delegated_accesses")
    partner = models.ForeignKey("partner.Partner", on_delete=models.CASCADE, related_name="+")
    permissions = ArrayField(models.CharField(max_length=32, choices=Permission))
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DelegatedAccessQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "delegated accesses"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="tenants_delegation_ends_later"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["tenant", "partner", "ends_at"], name="tenants_delegation_lookup")]

    def __str__(self) -> str:
        return f"{self.tenant_id} to {self.partner_id}"

    def is_active(self, now: datetime) -> bool:
        """Return whether the grant holds at `now`."""
        return self.starts_at <= now < self.ends_at and self.ended_at is None

    @property
    def permission_labels(self) -> list[str]:
        """Return the permissions in words."""
        return [Permission(permission).label for permission in self.permissions]
