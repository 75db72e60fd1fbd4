"""Sign-in with an authorization code: one backend for each client, so that no code is redeemed twice."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from accounts import authentik, services
from accounts.clients import OIDCClient, get_client
from accounts.enums import ClientName
from accounts.models import User
from accounts.verification import TokenRejected, verify_id_token


class DezkyBackend(OIDCAuthenticationBackend):
    """Redeems the code, verifies all that comes back, and finds the person by (issuer, sub)."""

    client_name: ClassVar[ClientName]

    def __init__(self) -> None:
        """Leave out the library's settings: ours are by client."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """Return the person who signed in, or None if the callback is another client's.

        Puts the tokens and claims on `request.oidc_grant` for the session that begins next.

        Raises:
            TokenRejected, ProviderRefused, ProviderUnavailable: the callback view tells them apart.
        """
        if request is None or request.resolver_match is None:
            return None
        if request.resolver_match.kwargs.get("client") != self.client_name:
            return None
        nonce, verifier = credentials.get("nonce"), credentials.get("code_verifier")
        if not nonce or not verifier:
            raise TokenRejected("the sign-in carries no nonce or verifier")
        client = get_client(self.client_name)
        tokens = authentik.exchange_code(client, code=request.GET["code"], verifier=verifier)
        claims = _identify(client, tokens, nonce)
        user = services.record_identity(client=client, claims=claims)
        request.oidc_grant = (tokens, claims)  # type: ignore[attr-defined] # the callback view reads it
        return user

    def get_user(self, user_id: Any) -> User | None:
        """Return the person of a session if they may still sign in."""
        return User.objects.filter(pk=user_id, is_active=True).first()


class PortalBackend(DezkyBackend):
    """Sign-in through `dezky-portal`."""

    client_name = ClientName.PORTAL


class OperatorBackend(DezkyBackend):
    """Sign-in through `dezky-operator`."""

    client_name = ClientName.OPERATOR


def _identify(client: OIDCClient, tokens: authentik.Tokens, nonce: str) -> dict[str, Any]:
    """Return the ID token's claims, filled up from userinfo; both must speak of one person (A5)."""
    claims = verify_id_token(client, tokens.id_token, nonce=nonce, access_token=tokens.access_token)
    info = authentik.userinfo(client, access_token=tokens.access_token)
    if info.get("sub") != claims["sub"]:
        raise TokenRejected("userinfo speaks of somebody else")
    filled: dict[str, Any] = {
        key: info[key] for key in ("email", "name", "groups") if key in info and key not in claims
    }
    return {**filled, **claims}
