"""Resellers and the people who work for them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from partner.enums import StaffRole
from tenants.enums import MembershipSource
from tenants.models import Tenant
from tenants.validators import validate_name, validate_slug


class Partner(models.Model):
    """A reseller."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=63, unique=True, validators=[validate_slug])
    name = models.CharField(max_length=200, validators=[validate_name])
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


class PartnerStaff(models.Model):
    """A person at a partner; an agent sees only the customers assigned to them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="staff")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="partner_staff")
    role = models.CharField(max_length=16, choices=StaffRole)
    source = models.CharField(max_length=16, choices=MembershipSource, default=MembershipSource.DIRECTORY)
    customers: models.ManyToManyField[Tenant, models.Model] = models.ManyToManyField(
        Tenant, related_name="+", blank=True
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "partner staff"
        indexes: ClassVar = [models.Index(fields=["partner", "role"], name="partner_staff_by_partner")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.partner_id}"

    @property
    def role_label(self) -> str:
        """Return the role in words."""
        return StaffRole(self.role).label
