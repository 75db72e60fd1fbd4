"""A company's workspace."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from tenants.enums import Plan, TenantStatus
from tenants.querysets import TenantQuerySet
from tenants.validators import validate_name, validate_slug


class Tenant(models.Model):
    """A workspace; `seats_used` is kept by the services that add and remove people, not counted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=63, unique=True, validators=[validate_slug])
    name = models.CharField(max_length=200, validators=[validate_name])
    status = models.CharField(max_length=16, choices=TenantStatus, default=TenantStatus.TRIAL)
    plan = models.CharField(max_length=16, choices=Plan, default=Plan.STARTER)
    seats = models.PositiveIntegerField(default=1)
    seats_used = models.PositiveIntegerField(default=0)
    # A partner stands a floor above: the foreign key upward is a string.
    partner = models.ForeignKey("partner.Partner", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(slug__regex=r"^[a-z0-9-]+$"), name="tenants_tenant_slug_ascii"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["name", "id"], name="tenants_tenant_by_name"),
            models.Index(fields=["partner", "name", "id"], name="tenants_tenant_by_partner"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def email(self) -> str:
        """Return no address: billing writes to the one in the billing details. dj-stripe asks for the name."""
        return ""

    @property
    def plan_label(self) -> str:
        """Return the plan in words."""
        return Plan(self.plan).label

    @property
    def status_label(self) -> str:
        """Return the status in words."""
        return TenantStatus(self.status).label

    @property
    def is_suspended(self) -> bool:
        """Return whether nobody can enter."""
        return self.status == TenantStatus.SUSPENDED
