"""Pages of signing out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic import View

from accounts import sessions
from accounts.clients import get_client
from accounts.enums import ClientName, EndReason
from accounts.sign_out import REASON_COOKIE, provider_url, sign_out

_REASONS = {EndReason.NOT_AUTHORISED, EndReason.EVERYWHERE}


class SignOutView(View):
    """Ends a browser's sessions for good; a POST, so that no link can do it."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, client: str) -> HttpResponse:
        """End this browser's sessions here, and send it to end the provider's.

        Both sessions came of the provider's one: left alone, the other would outlive it.
        """
        mine = request.oidc  # type: ignore[attr-defined] # set by IdentityMiddleware
        others = [sessions.other_session(request, name) for name in ClientName if name != client]
        return sign_out(request, get_client(client), [mine, *others])


class SignedOutView(View):
    """Where the provider sends the browser afterwards; says that it is done, and why."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest, client: str) -> HttpResponse:
        """Show the page; it needs no session."""
        reason = request.COOKIES.get(REASON_COOKIE, "")
        is_away = request.GET.get("away") == "1"
        context = {
            "client": client,
            "reason": reason if reason in _REASONS else "",
            "is_away": is_away,
            "provider_url": provider_url(get_client(client)) if is_away else "",
        }
        response = render(request, "accounts/signed_out.html", context)
        response.delete_cookie(REASON_COOKIE)
        return response
