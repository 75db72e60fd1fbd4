"""Signing out: here first, then the tokens, then the provider's own session (S10)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import authentik, endings, http, signals
from accounts.clients import OIDCClient, get_client
from accounts.enums import ClientName, EndReason
from accounts.models import OIDCSession, User

REASON_COOKIE = "dezky-signed-out"
_REASON_SECONDS = 300


def sign_out(
    request: HttpRequest, client: OIDCClient, ended: list[OIDCSession | None], *, reason: EndReason | None = None
) -> HttpResponse:
    """End the given sessions and answer with the way to the provider's sign-out.

    Works with no session left, and with the provider away: then it ends on our own page. A `reason` is
    told there.
    """
    mine = [session for session in ended if session is not None]
    id_token = next((session.id_token for session in mine if session.client == client.name), "")
    why = EndReason(reason) if reason else EndReason.SIGNED_OUT
    revocations = endings.close(OIDCSession.objects.filter(pk__in=[session.pk for session in mine]), reason=why)
    for session in mine:
        signals.signed_out.send(sender=User, user=session.user, session=session, request=request, reason=reason or "")
    request.session.flush()
    with http.together():
        endings.take_back(revocations, budget_seconds=endings.IN_A_REQUEST_SECONDS)
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
        response.set_cookie(
            REASON_COOKIE,
            reason,
            max_age=_REASON_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
