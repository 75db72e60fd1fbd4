"""Signing out: here first, then the tokens, then the provider's own session (S10)."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import authentik, endings, http, signals
from accounts.clients import OIDCClient, get_client
from accounts.enums import ClientName, EndReason
from accounts.models import OIDCSession, Revocation, User

REASON_COOKIE = "dezky-signed-out"
_REASON_SECONDS = 300


def sign_out(
    request: HttpRequest,
    client: OIDCClient,
    ended: list[OIDCSession | None],
    *,
    reason: EndReason | None = None,
    owed: Sequence[Revocation] = (),
) -> HttpResponse:
    """End the given sessions and answer with the way to the provider's sign-out.

    Works with no session left, and with the provider away: then it ends on our own page, which says what
    is left to do. A `reason` is told there. `owed` is what the provider has to hear of besides.
    """
    mine = [session for session in ended if session is not None]
    id_token = next((session.id_token for session in mine if session.client == client.name), "")
    why = EndReason(reason) if reason else EndReason.SIGNED_OUT
    closed = endings.close(OIDCSession.objects.filter(pk__in=[session.pk for session in mine]), reason=why)
    revocations = [*owed, *closed]
    for session in mine:
        signals.signed_out.send(sender=User, user=session.user, session=session, request=request, reason=reason or "")
    request.session.flush()
    with http.together():
        taken = endings.take_back(revocations, budget_seconds=endings.IN_A_REQUEST_SECONDS)
        # Nobody who wants to go is sent into an error of their browser; who has to go is sent there all the same.
        is_away = reason != EndReason.NOT_AUTHORISED and taken < len(revocations)
        response = redirect((not is_away and provider_url(client, id_token=id_token)) or _own_page(client))
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


def provider_url(client: OIDCClient, *, id_token: str = "") -> str:
    """Return where the browser ends the provider's own session; nothing if that can't be known now."""
    try:
        return authentik.sign_out_url(client, id_token=id_token)
    except authentik.IdentityProviderError:
        return ""


def _own_page(client: OIDCClient) -> str:
    return reverse("oidc:signed-out", kwargs={"client": client.name}) + "?away=1"
