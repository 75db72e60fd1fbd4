"""Back-channel logout: the provider itself says that a session of its has ended (S11)."""

from __future__ import annotations

import logging
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from accounts import endings, http, signals
from accounts.authentik import ProviderUnavailable
from accounts.clients import OIDCClient, get_client
from accounts.enums import EndReason
from accounts.models import OIDCSession, SeenLogoutToken, User
from accounts.querysets import OIDCSessionQuerySet
from accounts.verification import TokenRejected, verify_logout_token

logger = logging.getLogger(__name__)


# No browser calls this: the signed token is the proof, and there is no session whose rights could be borrowed.
@method_decorator(csrf_exempt, name="dispatch")
class BackChannelLogoutView(View):
    """Ends the sessions that a logout token names: 200 done, 400 not a token for us, 503 try again."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, client: str) -> HttpResponse:
        """End what the token names; a session that is gone already is no error."""
        known = get_client(client)
        try:
            with http.together():
                claims = verify_logout_token(known, request.POST.get("logout_token", ""))
        except TokenRejected as error:
            logger.warning("logout token refused: %s", error)
            return _refused("The logout token is not valid here.")
        except ProviderUnavailable:
            return HttpResponse(status=503, headers={"Retry-After": str(ProviderUnavailable.retry_after_seconds)})
        try:
            ended = _end(known, claims)
        except IntegrityError:
            logger.warning("logout token refused: it was used before")
            return _refused("The logout token was used before.")
        for session in ended:
            signals.signed_out.send(
                sender=User, user=session.user, session=session, request=request, reason=EndReason.BACK_CHANNEL
            )
        return HttpResponse(status=200)


def _end(client: OIDCClient, claims: dict[str, Any]) -> list[OIDCSession]:
    """Spend the token's `jti` and end its sessions, both or neither: a failed attempt can be repeated.

    Raises:
        IntegrityError: the token was used before.
    """
    with transaction.atomic():
        endings.hold_sid(client, claims.get("sid", ""))
        SeenLogoutToken.objects.create(client=client.name, jti=claims["jti"], sid=claims.get("sid", ""))
        named = _named_by(client, claims)
        ending = list(named.select_related("user"))
        endings.close(OIDCSession.objects.filter(pk__in=[s.pk for s in ending]), reason=EndReason.BACK_CHANNEL)
    return ending


def _named_by(client: OIDCClient, claims: dict[str, Any]) -> OIDCSessionQuerySet:
    """Return the open sessions of the token's `sid`, its `sub`, or of both if it has both."""
    found = OIDCSession.objects.open().filter(client=client.name)
    if "sid" in claims:
        found = found.filter(sid=claims["sid"])
    if "sub" in claims:
        found = found.filter(user__issuer=client.identity_issuer, user__sub=claims["sub"])
    return found


def _refused(description: str) -> HttpResponse:
    return JsonResponse({"error": "invalid_request", "error_description": description}, status=400)
