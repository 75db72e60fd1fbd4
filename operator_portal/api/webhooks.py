"""The inbox of webhooks, for programs."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.enums import Audience, Failure
from accounts.guards import Rule
from billing.enums import InboxState
from billing.models import WebhookEvent
from billing.querysets import WebhookEventQuerySet
from operator_portal import billing_selectors
from operator_portal.api.views import OperatorAudiencePermission, OperatorPermission
from tenants.api.pagination import KeysetPagination
from tenants.scope import operator_scope


class WebhookEventSerializer(serializers.ModelSerializer[WebhookEvent]):
    """One event: what Stripe told us, and what became of it."""

    tenant = serializers.CharField(source="tenant_slug", read_only=True)
    state = serializers.ChoiceField(choices=InboxState.choices, read_only=True)

    class Meta:
        model = WebhookEvent
        fields = (
            *("id", "type", "api_version", "tenant", "state", "created_at", "received_at", "applied_at"),
            *("deliveries", "attempts", "next_try_at", "is_flagged", "is_found_by_us", "problem"),
        )
        read_only_fields = fields


class WebhookListView(ListAPIView[Any]):
    """What Stripe has told us, the newest first."""

    rule: ClassVar = Rule(Audience.OPERATOR, Failure.OPEN)
    permission_classes = (OperatorAudiencePermission, OperatorPermission)
    serializer_class = WebhookEventSerializer
    pagination_class = KeysetPagination
    order: ClassVar = billing_selectors.EVENT_ORDER

    def get_queryset(self) -> WebhookEventQuerySet:
        """Return all events."""
        return billing_selectors.events()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read in the operator's scope."""
        with operator_scope():
            return super().list(request, *args, **kwargs)
