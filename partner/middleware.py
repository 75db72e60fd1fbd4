"""The guard of the partner portal: fails closed."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest

from accounts.enums import Audience
from accounts.guards import Caller
from accounts.middleware.guard import SurfaceGuardMiddleware
from accounts.models import User
from partner import selectors


class PartnerGuardMiddleware(SurfaceGuardMiddleware):
    """Lets in staff of a partner, as the database says in this very request."""

    audiences = frozenset({Audience.PARTNER})

    def caller(self, request: HttpRequest) -> Caller:
        """Add whether the person is staff of a partner."""
        user = request.user
        is_staff = isinstance(user, User) and selectors.staff_of(user) is not None
        return replace(super().caller(request), is_partner_staff=is_staff)
