"""Support's view of people and their sessions; tokens are never shown."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from accounts.models import OIDCSession, User


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    """People."""

    list_display: ClassVar = ["name", "email", "is_active", "is_platform_admin", "is_staff"]
    list_filter: ClassVar = ["is_active", "is_platform_admin", "is_staff"]
    search_fields: ClassVar = ["name", "email", "sub"]
    fields: ClassVar = ["id", "issuer", "sub", "email", "name", "is_active", "is_platform_admin", "is_staff", "created_at"]
    readonly_fields: ClassVar = fields


@admin.register(OIDCSession)
class OIDCSessionAdmin(admin.ModelAdmin[OIDCSession]):
    """Sessions, without their tokens."""

    list_display: ClassVar = ["user", "client", "created_at", "last_seen_at", "confirmed_at", "ended_at"]
    list_filter: ClassVar = ["client"]
    list_select_related: ClassVar = ["user"]
    search_fields: ClassVar = ["user__email", "user__name"]
    fields: ClassVar = ["user", "client", "created_at", "last_seen_at", "confirmed_at", "ended_at"]
    readonly_fields: ClassVar = fields
