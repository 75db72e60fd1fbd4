"""Who is this, and is it still so? Renews the tokens before the view runs, for every method (S7)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts import sessions, tokens
from accounts.enums import Confirmation, Renewal
from accounts.middleware.requests import GetResponse
from accounts.models import OIDCSession

UNATTENDED = "X-Dezky-Unattended"  # set by the parts of a page that follow something
_REFRESH = "/session/refresh/"


class IdentityMiddleware:
    """Puts the living session on `request.oidc` and how sure we are of it on `request.confirmation`.

    A Django session without a living session behind it is emptied: nobody is signed in by a cookie
    alone. An outage of the provider never ends a session; a definite refusal always does (S6).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Set `request.user`, `request.oidc` and `request.confirmation`."""
        session = sessions.session_of(request.session, request.oidc_client.name)  # type: ignore[attr-defined]
        confirmation = Confirmation.CONFIRMED
        if session is not None and not _renews_itself(request):
            session, confirmation = _renewed(session)
        if session is None:
            _empty(request)
        else:
            request.user = session.user
            if not _is_unattended(request):
                sessions.touch(session)
        request.oidc = session  # type: ignore[attr-defined]
        request.confirmation = confirmation  # type: ignore[attr-defined]
        return self.get_response(request)


def _is_unattended(request: HttpRequest) -> bool:
    """Return whether a page sends this by itself, on and on: that is no use of the session (S2)."""
    return request.path_info == _REFRESH or UNATTENDED in request.headers


def _renews_itself(request: HttpRequest) -> bool:
    """Return whether the view renews, or ends, the session by itself."""
    return request.path_info == _REFRESH or request.path_info.startswith("/oidc/")


def _renewed(session: OIDCSession) -> tuple[OIDCSession | None, Confirmation]:
    outcome = tokens.renew_if_due(session)
    if outcome is Renewal.REFUSED:
        return None, Confirmation.CONFIRMED
    confirmation = session.confirmation(
        timezone.now(),
        is_renewed=outcome is not Renewal.UNAVAILABLE,
        grace_seconds=settings.IDENTITY_GRACE.total_seconds(),
    )
    return session, confirmation


def _empty(request: HttpRequest) -> None:
    if sessions.SESSION_KEY in request.session or "_auth_user_id" in request.session:
        sessions.empty(request.session)
    request.user = AnonymousUser()
