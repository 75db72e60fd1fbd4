"""API of a workspace: itself, its people, its audit log."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.once import OnceAPIView
from accounts.enums import Audience, Failure
from accounts.guards import Rule
from accounts.models import User
from tenants import audit, selectors
from tenants.access import Access
from tenants.api.pagination import KeysetPagination
from tenants.api.serializers import AuditEventSerializer, PersonSerializer, TenantSerializer, WorkspaceSerializer
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.mixins import enter
from tenants.querysets import AuditEventQuerySet, MembershipQuerySet
from tenants.scope import person_scope, tenant_scope


class TenantAPIView(OnceAPIView):
    """Lets in who may do `permission` in the workspace of the URL; `write_permission`, if any, is for unsafe methods.

    A write with an idempotency key is applied once. Each handler opens the scope that it needs by itself.
    """

    rule: ClassVar = Rule(Audience.TENANT, Failure.CLOSED)
    permission: ClassVar[Permission]
    write_permission: ClassVar[Permission | None] = None
    access: Access

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Ask the guard, then find the way in."""
        super().initial(request, *args, **kwargs)
        request._request.user = request.user
        self.access = enter(request._request, slug=kwargs["slug"], permission=self._needed(request))

    @property
    def actor(self) -> Actor:
        """Return who acts, as the audit log will name them."""
        return self.access.acting(audit.actor_of(self.request._request, _person(self.request)))

    def _needed(self, request: Request) -> Permission:
        is_safe = request.method in SAFE_METHODS
        return self.permission if is_safe or self.write_permission is None else self.write_permission


class TenantListView(ListAPIView[Any]):
    """Your own workspaces, by name."""

    rule: ClassVar = Rule(Audience.SIGNED_IN, Failure.OPEN)
    serializer_class = WorkspaceSerializer
    pagination_class = KeysetPagination
    order: ClassVar = selectors.WORKSPACE_ORDER

    def get_queryset(self) -> MembershipQuerySet:
        """Return one's own memberships."""
        return selectors.workspaces(user=_person(self.request))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read in the person's scope."""
        with person_scope(_person(request)):
            return super().list(request, *args, **kwargs)


class TenantDetailView(TenantAPIView):
    """One workspace."""

    permission = Permission.PEOPLE_READ

    @extend_schema(responses=TenantSerializer)
    def get(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Return the workspace."""
        return Response(TenantSerializer(self.access.tenant).data)


class TenantListAPIView(TenantAPIView, ListAPIView[Any]):
    """A list that a workspace owns, read in its scope."""

    pagination_class = KeysetPagination

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read in the tenant's scope."""
        with tenant_scope(self.access.tenant):
            return super().list(request, *args, **kwargs)


class UserListView(TenantListAPIView):
    """The people of a workspace, by name."""

    permission = Permission.PEOPLE_READ
    serializer_class = PersonSerializer
    order: ClassVar = selectors.PEOPLE_ORDER

    def get_queryset(self) -> MembershipQuerySet:
        """Return the members."""
        return selectors.people(tenant=self.access.tenant)


class AuditListView(TenantListAPIView):
    """The audit log of a workspace, newest first."""

    permission = Permission.AUDIT_READ
    serializer_class = AuditEventSerializer
    order: ClassVar = selectors.AUDIT_ORDER

    def get_queryset(self) -> AuditEventQuerySet:
        """Return the events."""
        return selectors.audit_events(tenant=self.access.tenant)


def _person(request: Any) -> User:
    user = request.user
    if not isinstance(user, User):
        raise TypeError("the guard let nobody in")
    return user
