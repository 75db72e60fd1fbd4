"""Signing out: here first, then the tokens, then the provider's own session (S10)."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View

from accounts import authentik, sessions, signals
from accounts.clients import OIDCClient, get_client
from accounts.enums import ClientName
from accounts.models import OIDCSession, User

_REASON_COOKIE = "dezky-signed-out"
_REASON_SECONDS = 300
_REASONS = {"not-authorised"}


class SignOutView(View):
    """Ends one session for good; a POST, so that no link can do it."""

    http_method_names: ClassVar = ["post"]

    def post(self, request: HttpRequest, client: str) -> HttpResponse:
        """End the session of `client` here, and send the browser to end the provider's."""
        return sign_out(request, get_client(client), [request.oidc])  # type: ignore[attr-defined]


class SignedOutView(View):
    """Where the provider sends the browser afterwards; says that it is done, and why."""

    http_method_names: ClassVar = ["get", "head"]

    def get(self, request: HttpRequest, client: str) -> HttpResponse:
        """Show the page; it needs no session."""
        reason = request.COOKIES.get(_REASON_COOKIE, "")
        context = {"client": client, "reason": reason if reason in _REASONS else ""}
        response = render(request, "accounts/signed_out.html", context)
        response.delete_cookie(_REASON_COOKIE)
        return response


def sign_out(
    request: HttpRequest, client: OIDCClient, ended: list[OIDCSession | None], *, reason: str = ""
) -> HttpResponse:
    """End the given sessions and answer with the way to the provider's sign-out.

    Works with no session left, and with the provider away: then it ends on our own page.
    """
    id_token = next((s.id_token for s in ended if s is not None and s.client == client.name), "")
    for session in ended:
        if session is not None:
            sessions.end(session)
            signals.signed_out.send(sender=User, user=session.user, session=session, request=request, reason=reason)
    request.session.flush()
    try:
        target = authentik.sign_out_url(client, id_token=id_token)
    except authentik.IdentityProviderError:
        target = reverse("oidc:signed-out", kwargs={"client": client.name})
    response = redirect(target)
    response.status_code = 303
    for name in ClientName:
        if any(s is not None and s.client == name for s in ended):
            response.delete_cookie(get_client(name).cookie_name, samesite="Lax")
    if reason:
        response.set_cookie(_REASON_COOKIE, reason, max_age=_REASON_SECONDS, httponly=True, samesite="Lax")
    return response
