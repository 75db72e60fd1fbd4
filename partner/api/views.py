"""API of the partner portal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import AudiencePermission
from accounts.enums import Audience, Failure
from accounts.guards import Caller, Rule
from accounts.models import User
from partner import selectors
from partner.api.serializers import CustomerSerializer
from partner.models import PartnerStaff
from tenants.api.pagination import KeysetPagination
from tenants.querysets import TenantQuerySet
from tenants.scope import partner_scope


class PartnerPermission(AudiencePermission):
    """Adds whether the caller is staff of a partner, as the database says now."""

    def caller(self, request: Request) -> Caller:
        """Return what is known of the caller."""
        user = request.user
        is_staff = isinstance(user, User) and selectors.staff_of(user) is not None
        return replace(super().caller(request), is_partner_staff=is_staff)


class CustomerListView(ListAPIView[Any]):
    """The customers that you may see, by name."""

    rule: ClassVar = Rule(Audience.PARTNER, Failure.CLOSED)
    permission_classes = (PartnerPermission,)
    serializer_class = CustomerSerializer
    pagination_class = KeysetPagination
    order: ClassVar = selectors.CUSTOMER_ORDER
    staff: PartnerStaff

    def get_queryset(self) -> TenantQuerySet:
        """Return the customers."""
        return selectors.customers_of(staff=self.staff)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read in the partner's scope."""
        staff = selectors.staff_of(request.user) if isinstance(request.user, User) else None
        if staff is None:
            self.permission_denied(request)
        self.staff = staff
        with partner_scope(staff.partner_id):
            return super().list(request, *args, **kwargs)
