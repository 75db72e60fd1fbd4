"""API of oneself: who you are to Dezky, over all its apps."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Audience, Failure
from accounts.guards import Rule
from accounts.models import User
from partner.selectors import staff_of
from tenant_portal.selectors import memberships_of
from tenants.enums import MembershipRole

_MEMBERSHIP = inline_serializer(
    "MyMembership",
    {"tenant": serializers.CharField(), "role": serializers.ChoiceField(choices=MembershipRole.choices)},
    many=True,
)
_PARTNER = inline_serializer(
    "MyPartner", {"slug": serializers.CharField(), "role": serializers.CharField()}, allow_null=True
)
_ME = inline_serializer(
    "Me",
    {
        "email": serializers.CharField(),
        "name": serializers.CharField(),
        "is_platform_admin": serializers.BooleanField(),
        "is_tenant_admin": serializers.BooleanField(),
        "memberships": _MEMBERSHIP,
        "partner": _PARTNER,
    },
)


class MeView(APIView):
    """You."""

    rule: ClassVar = Rule(Audience.API, Failure.OPEN)

    @extend_schema(responses=_ME)
    def get(self, request: Request) -> Response:
        """Return who you are and what you may enter."""
        user = request.user
        if not isinstance(user, User):
            raise TypeError("the guard let nobody in")
        return Response(describe(user))


def describe(user: User) -> dict[str, Any]:
    """Return a person's identity and roles, as the database says now."""
    memberships = memberships_of(user)
    staff = staff_of(user)
    return {
        "email": user.email,
        "name": user.name,
        "is_platform_admin": user.is_platform_admin,
        "is_tenant_admin": any(membership.is_admin for membership in memberships),
        "memberships": [{"tenant": m.tenant.slug, "role": m.role} for m in memberships],
        "partner": {"slug": staff.partner.slug, "role": staff.role} if staff else None,
    }
