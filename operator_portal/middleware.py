"""The second layer: a definite no leads to the not-authorised page, an outage signs nobody out (O2, O3)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from accounts import answers, sessions, signals
from accounts.enums import Audience, ClientName, Verdict
from accounts.guards import Caller
from accounts.middleware.guard import SurfaceGuardMiddleware, caller_of
from accounts.models import User
from operator_portal.guards import NOT_AUTHORISED, portal_only_caller


class OperatorGuardMiddleware(SurfaceGuardMiddleware):
    """Lets in operators, and tells others so at once.

    Somebody signed in to the portal who is no operator does not pass the provider, where its policy
    would strand them.
    """

    audiences = frozenset({Audience.OPERATOR})

    def caller(self, request: HttpRequest) -> Caller:
        """Return the operator session's person; without one, whoever the portal knows in this browser."""
        caller = caller_of(request)
        return caller if caller.is_signed_in else portal_only_caller(request) or caller

    def answer(self, request: HttpRequest, verdict: Verdict) -> HttpResponseBase:
        """Send a definite no to the page that signs out fully; HTMX gets the redirect in its own words."""
        if verdict is not Verdict.NOT_AUTHORISED:
            return super().answer(request, verdict)
        portal = sessions.other_session(request, ClientName.PORTAL)
        user = request.user if isinstance(request.user, User) else portal.user if portal else None
        if user is not None:
            signals.refused.send(sender=User, user=user, request=request)
        if answers.is_htmx(request):
            response = answers.forbidden(request)
            response["HX-Redirect"] = NOT_AUTHORISED
            return response
        return HttpResponseRedirect(NOT_AUTHORISED)
