"""Filters over what a tenant owns. Every read of it passes `for_tenant`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.enums import ADMIN_ROLES, TenantStatus

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from tenants.models import AuditEvent, DelegatedAccess, Membership, Tenant  # noqa: F401 - named in bases


class TenantOwnedQuerySet[M: models.Model](models.QuerySet[M]):
    """Rows that belong to one tenant."""

    def for_tenant(self, tenant: Tenant) -> Self:
        """Return the rows of `tenant` alone."""
        return self.filter(tenant=tenant)


class TenantQuerySet(models.QuerySet["Tenant"]):
    """Workspaces by status, text and partner."""

    def open(self) -> Self:
        """Return the workspaces that people can enter."""
        return self.exclude(status=TenantStatus.SUSPENDED)

    def matching(self, text: str) -> Self:
        """Return the workspaces whose name or slug contains `text`."""
        return self.filter(Q(name__icontains=text) | Q(slug__icontains=text)) if text else self


class MembershipQuerySet(TenantOwnedQuerySet["Membership"]):
    """Memberships by person and role."""

    def of(self, user: User) -> Self:
        """Return the memberships of one person."""
        return self.filter(user=user)

    def in_open_tenants(self) -> Self:
        """Return the memberships in workspaces that people can enter."""
        return self.exclude(tenant__status=TenantStatus.SUSPENDED)

    def admins(self) -> Self:
        """Return the memberships that administer their workspace."""
        return self.filter(role__in=ADMIN_ROLES)

    def matching(self, text: str) -> Self:
        """Return the memberships of people whose name or address contains `text`."""
        return self.filter(Q(user__name__icontains=text) | Q(user__email__icontains=text)) if text else self


class AuditEventQuerySet(TenantOwnedQuerySet["AuditEvent"]):
    """Audit events by tenant; the platform's own have none."""

    def of_platform(self) -> Self:
        """Return the events that belong to no tenant."""
        return self.filter(tenant__isnull=True)

    def matching(self, text: str) -> Self:
        """Return the events whose actor or object contains `text`."""
        if not text:
            return self
        return self.filter(
            Q(actor_name__icontains=text) | Q(actor_email__icontains=text) | Q(object_label__icontains=text)
        )

    def by_actor(self, text: str) -> Self:
        """Return the events of people whose name or address contains `text`."""
        return self.filter(Q(actor_name__icontains=text) | Q(actor_email__icontains=text))


class DelegatedAccessQuerySet(TenantOwnedQuerySet["DelegatedAccess"]):
    """What tenants delegate to partners."""

    def for_partner(self, partner_id: UUID) -> Self:
        """Return the grants to one partner."""
        return self.filter(partner_id=partner_id)

    def active(self) -> Self:
        """Return the grants that hold now."""
        now = timezone.now()
        return self.filter(starts_at__lte=now, ends_at__gt=now, ended_at__isnull=True)
