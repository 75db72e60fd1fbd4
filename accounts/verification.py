"""Verification of ID and access tokens (A1, A2, A6, A7, A13, A14), and of logout tokens (S11)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime
from typing import Any

import jwt
from django.conf import settings

from accounts import authentik
from accounts.clients import OIDCClient, all_clients

ALGORITHM = "RS256"
LEEWAY_SECONDS = 60
MAX_TOKEN_CHARACTERS = 16_384
# It was made for this very sign-in or renewal, whose answer may drip in for two minutes.
ID_TOKEN_AGE_SECONDS = LEEWAY_SECONDS + 120
LOGOUT_TOKEN_AGE_SECONDS = 120
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_MAX_NAME_CHARACTERS = 255
_REQUIRED = ["iss", "aud", "sub", "exp", "iat"]
_REQUIRED_OF_LOGOUT = ["iss", "aud", "exp", "iat", "jti", "events"]


class TokenRejected(Exception):
    """A token does not hold what it must; the message says why and is safe to log."""


class ClockOff(TokenRejected):
    """A token's times don't fit our clock: old, or one of the clocks is wrong. It says nothing of its person."""


class KeyUnknown(TokenRejected):
    """A token's key is not among those we have: forged, newer than they are, or gone. It says nothing of its person."""


def verify_id_token(client: OIDCClient, token: str, *, nonce: str | None, access_token: str) -> dict[str, Any]:
    """Return the claims of an ID token that was made for `client`.

    `nonce` is None at a renewal alone: authentik's renewed ID tokens carry none.

    Raises:
        TokenRejected: any claim, the signature, the key or the algorithm is not as it must be.
        ProviderUnavailable: the keys can't be had.
    """
    claims = _verify(client, token)
    if time.time() - claims["iat"] > ID_TOKEN_AGE_SECONDS:
        raise ClockOff(f"iat is too long ago; {_clocks()}")
    if nonce is not None and not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise TokenRejected("nonce differs")
    if "at_hash" in claims and claims["at_hash"] != _half_hash(access_token):
        raise TokenRejected("at_hash differs")
    return claims


def verify_access_token(token: str) -> tuple[OIDCClient, dict[str, Any]]:
    """Return the client and the claims of an access token that carries our API scope.

    authentik's ID tokens have the same `aud` and `typ`: only the scope tells them apart (A14).

    Raises:
        TokenRejected: not a token of ours, or without the scope.
        ProviderUnavailable: the keys can't be had.
    """
    client = _client_by_audience(token)
    claims = _verify(client, token)
    scope = claims.get("scope")
    if not isinstance(scope, str) or settings.API_SCOPE not in scope.split():
        raise TokenRejected(f"scope lacks {settings.API_SCOPE}")
    return client, claims


def verify_logout_token(client: OIDCClient, token: str) -> dict[str, Any]:
    """Return the claims of a logout token that was made for `client` within the last two minutes (S11).

    Rules of OpenID Connect Back-Channel Logout 1.0, section 2.6; that its `jti` is new is the caller's to see.

    Raises:
        TokenRejected: it is not as it must be.
        ProviderUnavailable: the keys can't be had.
    """
    claims = _verify(client, token, required=_REQUIRED_OF_LOGOUT, token_type="logout+jwt")  # noqa: S106 - a type
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise TokenRejected("events lacks the logout event")
    if "nonce" in claims:
        raise TokenRejected("a logout token has no nonce")
    if time.time() - claims["iat"] > LOGOUT_TOKEN_AGE_SECONDS:
        raise TokenRejected("iat is too long ago")
    named = {name: claims[name] for name in ("sid", "sub") if name in claims}
    if not named or not all(is_name(value) for value in [*named.values(), claims["jti"]]):
        raise TokenRejected("sid, sub or jti is not usable")
    return claims


def is_name(value: object) -> bool:
    """Return whether a claim can name something: text that is not empty, can be stored, and seen."""
    return isinstance(value, str) and 0 < len(value) <= _MAX_NAME_CHARACTERS and value.isprintable()


def _client_by_audience(token: str) -> OIDCClient:
    try:
        claimed = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise TokenRejected("not a token") from error
    for client in all_clients():
        if claimed.get("aud") in (client.client_id, [client.client_id]):
            return client
    raise TokenRejected("aud is not ours")


def _verify(client: OIDCClient, token: str, *, required: list[str] = _REQUIRED, token_type: str = "") -> dict[str, Any]:
    key = _key_for(client, token, token_type)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key=key,
            algorithms=[ALGORITHM],
            audience=client.client_id,
            issuer=client.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": required, "strict_aud": False},
        )
    except (jwt.ImmatureSignatureError, jwt.ExpiredSignatureError) as error:
        raise ClockOff(f"{error}; {_clocks()}") from error
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise TokenRejected(f"{type(error).__name__}: {error}") from error
    if claims["aud"] not in (client.client_id, [client.client_id]):
        raise TokenRejected("aud names others too")
    if claims.get("azp", client.client_id) != client.client_id:
        raise TokenRejected("azp is another client")
    if isinstance(claims["iat"], bool) or not isinstance(claims["iat"], int | float):
        raise TokenRejected("iat is no number")
    if "sub" in required and not is_name(claims["sub"]):
        raise TokenRejected("sub is not usable")
    return claims


def _clocks() -> str:
    return f"is a clock wrong? Ours says {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _key_for(client: OIDCClient, token: str, token_type: str) -> jwt.PyJWK:
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise TokenRejected("too long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise TokenRejected("not a token") from error
    if header.get("alg") != ALGORITHM:
        raise KeyUnknown("alg is not RS256")
    if token_type and str(header.get("typ", "")).lower() != token_type:
        raise TokenRejected(f"typ is not {token_type}")
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise TokenRejected("kid is missing")
    for key in authentik.keys_in(authentik.signing_keys(client, want_kid=kid)):
        if key.get("kid") == kid and key.get("use") == "sig" and key.get("kty") == "RSA":
            try:
                return jwt.PyJWK(key, algorithm=ALGORITHM)
            except jwt.PyJWTError as error:
                raise TokenRejected("the key is not usable") from error
    raise KeyUnknown("no signing key has this kid")


def _half_hash(access_token: str) -> str:
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
