"""Who calls the API: the bearer of a token with our scope, or the person of a browser session."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import authentik
from accounts.api.exceptions import IdentityUnavailable
from accounts.clients import OIDCClient
from accounts.freshness import Demand, shortfall
from accounts.models import OIDCSession, User
from accounts.verification import TokenRejected, verify_access_token


class BearerAuthentication(BaseAuthentication):
    """Takes access tokens of either client that carry the API scope (A13, A14)."""

    def authenticate(self, request: Request) -> tuple[User, OIDCClient] | None:
        """Return the token's person and client; None if there is no bearer.

        Raises:
            AuthenticationFailed: the token is not one of ours, or its person may not sign in (S3).
            IdentityUnavailable: the provider's keys can't be had.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            client, claims = verify_access_token(token.strip())
        except TokenRejected as error:
            raise AuthenticationFailed("The token is not valid here.") from error
        except authentik.ProviderUnavailable as error:
            raise IdentityUnavailable from error
        user = User.objects.filter(issuer=client.identity_issuer, sub=claims["sub"], is_active=True).first()
        if user is None:
            raise AuthenticationFailed("Nobody here has this token. Sign in to Dezky in a browser once.")
        if user.is_cut_off(claims["iat"]):
            raise AuthenticationFailed("This token is from before its person was signed out everywhere.")
        # As for a session: a token can be renewed, or given to a session without the factor, behind our back.
        if shortfall(client=client, user=user, claims=claims, demand=Demand()) is not None:
            raise AuthenticationFailed("This token is of a sign-in that will not do here. Sign in again for a new one.")
        request._request.bearer_claims = claims  # type: ignore[attr-defined] # for `bearer_claims`
        return user, client

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        """Name the scheme, so that a missing sign-in is 401."""
        return 'Bearer realm="dezky"'


def bearer_claims(request: Request) -> dict[str, Any] | None:
    """Return the verified claims of a bearer's token; None for whoever came by a session."""
    if not isinstance(request.successful_authenticator, BearerAuthentication):
        return None
    claims: dict[str, Any] = getattr(request._request, "bearer_claims", {})
    return claims


class OIDCSessionAuthentication(SessionAuthentication):
    """Takes the browser session that the middleware has found alive, with CSRF for unsafe methods."""

    def authenticate(self, request: Request) -> tuple[Any, OIDCClient] | None:
        """Return the session's person and client; None without a living session."""
        inner: HttpRequest = request._request
        oidc = getattr(inner, "oidc", None)
        if not isinstance(oidc, OIDCSession):
            return None
        self.enforce_csrf(request)
        return oidc.user, oidc.oidc_client


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # drf-spectacular is untyped here
    """Describes bearer tokens in the schema."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002 - spectacular's signature
        """Return the OpenAPI description."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Needs the scope dezky:api."}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # as above
    """Describes browser sessions in the schema."""

    target_class = OIDCSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002 - spectacular's signature
        """Return the OpenAPI description."""
        return {"type": "apiKey", "in": "cookie", "name": "dezky-portal"}
