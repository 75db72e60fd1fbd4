"""Support's view of partners."""

from __future__ import annotations

from django.contrib import admin

from partner.models import Partner, PartnerStaff


@admin.register(Partner)
class PartnerAdmin(admin.ModelAdmin[Partner]):
    """Partners."""

    list_display = ("name", "slug", "created_at")
    search_fields = ("name", "slug")


@admin.register(PartnerStaff)
class PartnerStaffAdmin(admin.ModelAdmin[PartnerStaff]):
    """Who works for a partner."""

    list_display = ("user", "partner", "role", "source")
    list_select_related = ("user", "partner")
    search_fields = ("user__email", "user__name", "partner__slug")
