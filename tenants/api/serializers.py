"""What the API shows of a workspace: explicit fields, read only."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from tenants.enums import Plan, TenantStatus
from tenants.models import AuditEvent, Membership, Tenant


class TenantSerializer(serializers.ModelSerializer[Tenant]):
    """A workspace."""

    class Meta:
        model = Tenant
        fields = ("id", "slug", "name", "status", "plan", "seats", "seats_used", "created_at")
        read_only_fields = fields


class WorkspaceSerializer(serializers.ModelSerializer[Membership]):
    """A workspace as one's own membership shows it."""

    slug = serializers.CharField(source="tenant.slug", read_only=True)
    name = serializers.CharField(source="tenant.name", read_only=True)
    status = serializers.ChoiceField(source="tenant.status", choices=TenantStatus.choices, read_only=True)
    plan = serializers.ChoiceField(source="tenant.plan", choices=Plan.choices, read_only=True)

    class Meta:
        model = Membership
        fields = ("slug", "name", "status", "plan", "role")
        read_only_fields = fields


class PersonSerializer(serializers.ModelSerializer[Membership]):
    """A member of a workspace."""

    email = serializers.CharField(source="user.email", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True)
    groups = serializers.SerializerMethodField()

    class Meta:
        model = Membership
        fields = ("id", "email", "name", "role", "source", "last_seen_at", "groups")
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_groups(self, _member: Membership) -> list[str]:
        """Return the names of the member's groups: none, as workspaces have no groups in this release."""
        return []


_ACTOR = inline_serializer(
    "AuditActor",
    {
        "type": serializers.CharField(),
        "name": serializers.CharField(),
        "email": serializers.CharField(),
        "firm": serializers.CharField(),
    },
)
_OBJECT = inline_serializer(
    "AuditObject",
    {"type": serializers.CharField(), "id": serializers.CharField(), "label": serializers.CharField()},
)
_CHANGE = inline_serializer(
    "AuditChange",
    {"field": serializers.CharField(), "before": serializers.CharField(), "after": serializers.CharField()},
    many=True,
)


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    """One event of the log."""

    actor = serializers.SerializerMethodField()
    object = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField()

    class Meta:
        model = AuditEvent
        fields = ("id", "at", "action", "actor", "on_behalf_of", "object", "changes", "reason", "ip", "outcome", "hash")
        read_only_fields = fields

    @extend_schema_field(_ACTOR)
    def get_actor(self, event: AuditEvent) -> dict[str, str]:
        """Return who did it."""
        return {
            "type": event.actor_type,
            "name": event.actor_name,
            "email": event.actor_email,
            "firm": event.firm,
        }

    @extend_schema_field(_OBJECT)
    def get_object(self, event: AuditEvent) -> dict[str, str]:
        """Return what it was done to."""
        return {"type": event.object_type, "id": event.object_id, "label": event.object_label}

    @extend_schema_field(_CHANGE)
    def get_changes(self, event: AuditEvent) -> Any:
        """Return what changed."""
        return event.changes
