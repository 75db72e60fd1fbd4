"""Support's view of workspaces: to look up, not to change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from tenants.models import AuditEvent, DelegatedAccess, Membership, Tenant


@admin.register(Tenant)
class TenantAdmin(admin.ModelAdmin[Tenant]):
    """Workspaces."""

    list_display = ("name", "slug", "status", "plan", "seats_used", "seats")
    list_filter = ("status", "plan")
    search_fields = ("name", "slug")


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin[Membership]):
    """Who belongs where."""

    list_display = ("user", "tenant", "role", "source", "last_seen_at")
    list_filter = ("role", "source")
    list_select_related = ("user", "tenant")
    search_fields = ("user__email", "user__name", "tenant__slug")


@admin.register(DelegatedAccess)
class DelegatedAccessAdmin(admin.ModelAdmin[DelegatedAccess]):
    """What is delegated to partners."""

    list_display = ("tenant", "partner", "starts_at", "ends_at", "ended_at")
    list_select_related = ("tenant", "partner")


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin[Any]):
    """The logs, newest first."""

    list_display = ("at", "tenant", "actor_name", "action", "object_label", "outcome")
    list_filter = ("outcome", "action")
    list_select_related = ("tenant",)
    search_fields = ("actor_name", "actor_email", "object_label", "request_id")
    ordering = ("-at", "-id")
    show_full_result_count = False
