"""API of the operator portal."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import AudiencePermission
from accounts.clients import OIDCClient
from accounts.enums import Audience, ClientName, Failure
from accounts.guards import Caller, Rule
from accounts.models import User
from operator_portal import selectors
from operator_portal.guards import is_platform_admin, portal_only_caller
from tenants.api.pagination import KeysetPagination
from tenants.api.serializers import TenantSerializer
from tenants.models import Tenant
from tenants.querysets import TenantQuerySet
from tenants.scope import operator_scope


class OperatorAudiencePermission(AudiencePermission):
    """The second layer for the API: whoever the portal knows in this browser gets a definite no."""

    def caller(self, request: Request) -> Caller:
        """Return the caller; without an operator session, a portal session's person who is no operator."""
        caller = super().caller(request)
        if caller.is_signed_in:
            return caller
        return portal_only_caller(request._request) or caller


class OperatorPermission(BasePermission):
    """The third layer for the API: the operator's audience, and a platform admin by the database's word."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002 - DRF's signature
        """Return whether both hold, in this request."""
        user, client = request.user, request.auth
        return (
            isinstance(user, User)
            and isinstance(client, OIDCClient)
            and client.name is ClientName.OPERATOR
            and is_platform_admin(user.pk)
        )


class OperatorTenantListView(ListAPIView[Any]):
    """Every tenant, by name."""

    rule: ClassVar = Rule(Audience.OPERATOR, Failure.OPEN)
    permission_classes = (OperatorAudiencePermission, OperatorPermission)
    serializer_class = TenantSerializer
    pagination_class = KeysetPagination
    order: ClassVar = selectors.TENANT_ORDER

    def get_queryset(self) -> TenantQuerySet:
        """Return all tenants."""
        return Tenant.objects.all()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read in the operator's scope."""
        with operator_scope():
            return super().list(request, *args, **kwargs)
