"""Who belongs to a workspace."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from tenants.enums import ADMIN_ROLES, MembershipRole, MembershipSource
from tenants.models.tenant import Tenant
from tenants.querysets import MembershipQuerySet


class Membership(models.Model):
    """A person in a workspace; `owner` exists only in Dezky, never in a directory."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=MembershipRole, default=MembershipRole.MEMBER)
    source = models.CharField(max_length=16, choices=MembershipSource, default=MembershipSource.INVITED)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "user"], name="tenants_membership_once"),
            models.CheckConstraint(
                condition=~models.Q(role=MembershipRole.OWNER, source=MembershipSource.DIRECTORY),
                name="tenants_membership_owner_is_ours",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "created_at", "id"], name="tenants_membership_page"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.tenant_id}"

    @property
    def role_label(self) -> str:
        """Return the role in words."""
        return MembershipRole(self.role).label

    @property
    def source_label(self) -> str:
        """Return the source in words."""
        return MembershipSource(self.source).label

    @property
    def is_admin(self) -> bool:
        """Return whether this person administers the workspace."""
        return self.role in ADMIN_ROLES
