"""The session as the page's script sees it: renewed or not, and back again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.generic import View

from accounts import tokens
from accounts.authentik import ProviderUnavailable
from accounts.enums import Renewal


class RefreshView(View):
    """Renews the session's tokens: 204 renewed, 401 refused, 503 provider away."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Renew if it is due; the answer carries the CSRF token that the page's forms need."""
        session = request.oidc  # type: ignore[attr-defined]
        outcome = tokens.renew_if_due(session) if session is not None else Renewal.REFUSED
        if outcome is Renewal.REFUSED:
            return HttpResponse(status=401)
        if outcome is Renewal.UNAVAILABLE:
            return HttpResponse(status=503, headers={"Retry-After": str(ProviderUnavailable.retry_after_seconds)})
        return HttpResponse(status=204, headers={"X-CSRF-Token": get_token(request)})


class DoneView(View):
    """The last page of a sign-in in a window of its own: tells the others, and closes."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page that tells the other tabs."""
        context = {"person": request.user if request.user.is_authenticated else None}
        return render(request, "accounts/session_done.html", context)
