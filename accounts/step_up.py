"""Step-up: what can't be undone asks for a sign-in of the last ten minutes (O6; the challenge is RFC 9470's)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.generic.base import View

from accounts import answers
from accounts.models import OIDCSession
from accounts.redirects import SESSION_DONE, safe_next

MAX_AGE = timedelta(minutes=10)
TEXT = "Confirm that it is you: sign in again, then go on. This protects what can't be undone."


def is_fresh(session: OIDCSession | None) -> bool:
    """Return whether the session's person signed in at the provider in the last ten minutes.

    A renewal is none: it happens without the person.
    """
    if session is None or session.authenticated_at is None:
        return False
    return timezone.now() - session.authenticated_at <= MAX_AGE


def challenge(request: HttpRequest) -> HttpResponse:
    """Ask for a fresh sign-in; a page goes there at once, a script gets 401 and keeps its request.

    The answer's `X-Step-Up-Url` leads through the provider to the page that tells the waiting one.
    """
    client = request.oidc_client  # type: ignore[attr-defined] # set by TwoSessionsMiddleware
    if request.method in ("GET", "HEAD") and not answers.is_htmx(request) and not answers.wants_problem(request):
        return HttpResponseRedirect(_sign_in(client.name, safe_next(request.get_full_path(), client)))
    response = answers.problem(request, 401, TEXT, title="Confirm that it is you", template="accounts/step_up.html")
    for name, value in challenge_headers(request).items():
        response[name] = value
    return response


def challenge_headers(request: HttpRequest) -> dict[str, str]:
    """Return what tells a script that waits which sign-in is due, and where."""
    client = request.oidc_client  # type: ignore[attr-defined] # as above
    done = f"{SESSION_DONE}?client={client.name}"
    return {"WWW-Authenticate": challenge_of("Session"), "X-Step-Up-Url": _sign_in(client.name, done)}


def challenge_of(scheme: str) -> str:
    """Return RFC 9470's challenge to a session or a bearer."""
    seconds = int(MAX_AGE.total_seconds())
    return f'{scheme} realm="dezky", error="insufficient_user_authentication", max_age="{seconds}"'


def _sign_in(client: str, target: str) -> str:
    return f"/oidc/{client}/login/?{urlencode({'again': 1, 'next': target})}"


class StepUpRequiredMixin(View):
    """Asks for a fresh sign-in before anything of the view, its page too, so that a form is not typed in vain.

    Stands after the mixin that asks who it is: an outsider learns nothing by it.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go on, or answer with the challenge."""
        if not is_fresh(request.oidc):  # type: ignore[attr-defined] # set by IdentityMiddleware
            return challenge(request)
        return super().dispatch(request, *args, **kwargs)
