"""The guard of the partner portal: fails closed."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.enums import Audience
from accounts.guards import Caller
from accounts.middleware.guard import SurfaceGuardMiddleware
from accounts.middleware.requests import GetResponse
from accounts.models import User
from partner import selectors
from tenants import audit, visits
from tenants.audit import Thing
from tenants.enums import AuditAction
from tenants.visits import Visit


class PartnerGuardMiddleware(SurfaceGuardMiddleware):
    """Lets in staff of a partner, as the database says in this very request."""

    audiences = frozenset({Audience.PARTNER})

    def caller(self, request: HttpRequest) -> Caller:
        """Add whether the person is staff of a partner."""
        user = request.user
        is_staff = isinstance(user, User) and selectors.staff_of(user) is not None
        return replace(super().caller(request), is_partner_staff=is_staff)


class PartnerViewMiddleware:
    """Cleans a session of partner views that no longer hold, before anything can show them (Z9).

    A view is stale once the person is no staff of the partner any more, or the grant has ended, or the
    workspace is closed. Each that is taken out is told to the audit.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Take out what is stale, then go on."""
        noted = visits.visits_of(request.session) if isinstance(request.user, User) else []
        if noted:
            self._purge(request, noted)
        elif visits.KEY in request.session:
            del request.session[visits.KEY]
        return self.get_response(request)

    def _purge(self, request: HttpRequest, noted: list[Visit]) -> None:
        user = cast("User", request.user)
        open_ids = selectors.open_grant_ids(user)
        stale = [visit for visit in noted if visit.grant_id not in open_ids]
        if not stale:
            return
        for visit in stale:
            audit.record(
                tenant=None,
                action=AuditAction.PARTNER_VIEW_PURGE,
                by=audit.actor_of(request, user),
                thing=Thing(type="tenant", id=visit.grant_id[:64], label=visit.slug),
            )
        visits.forget(request.session, {visit.slug for visit in stale})
