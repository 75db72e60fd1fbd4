"""Support's view of people and their sessions; tokens are never shown."""

from __future__ import annotations

from django.contrib import admin

from accounts.models import OIDCSession, User


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    """People."""

    list_display = ("name", "email", "is_active", "is_platform_admin", "is_staff")
    list_filter = ("is_active", "is_platform_admin", "is_staff")
    search_fields = ("name", "email", "sub")
    fields = ("id", "issuer", "sub", "email", "name", "is_active", "is_platform_admin", "is_staff", "created_at")
    readonly_fields = fields


@admin.register(OIDCSession)
class OIDCSessionAdmin(admin.ModelAdmin[OIDCSession]):
    """Sessions, without their tokens."""

    list_display = ("user", "client", "created_at", "last_seen_at", "confirmed_at", "ended_at")
    list_filter = ("client",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    fields = ("user", "client", "created_at", "last_seen_at", "confirmed_at", "ended_at")
    readonly_fields = fields
