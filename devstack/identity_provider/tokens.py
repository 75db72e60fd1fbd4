"""Claims and tokens as authentik makes them."""

from __future__ import annotations

import secrets
from typing import Any

from .applications import Application
from .directory import Account
from .keys import half_hash
from .provider import REFRESH_TOKEN_SECONDS, Provider
from .records import Grant, Token

ACR = "goauthentik.io/providers/oauth2/default"


def scope_claims(account: Account, scopes: tuple[str, ...]) -> dict[str, Any]:
    """Return what authentik's default scope mappings say about a person; groups come with `profile`."""
    claims: dict[str, Any] = {}
    person = account.person
    if "email" in scopes:
        claims |= {"email": person.email, "email_verified": False}
    if "profile" in scopes:
        claims |= {
            "name": person.name,
            "given_name": person.name,
            "preferred_username": person.email,
            "nickname": person.email,
            "groups": list(account.groups),
        }
    return claims


def issue_tokens(
    provider: Provider,
    application: Application,
    account: Account,
    grant: Grant,
    *,
    issuer: str,
    nonce: str | None = None,
) -> dict[str, Any]:
    """Store and return a new set of tokens as the token endpoint's answer.

    The caller has to hold a transaction, so that a used code or token and its successors change together.
    """
    now = int(provider.now())
    lifetime = provider.access_token_seconds
    claims = _common_claims(provider, application, account, grant, issuer) | {
        "exp": now + lifetime,
        "iat": now,
    }
    access_token = provider.sign(
        application,
        "access",
        claims
        | {
            "azp": application.slug,
            "uid": secrets.token_urlsafe(30),
            "scope": grant.scope,
            "jti": secrets.token_hex(16),
        },
    )
    provider.store.save_token(access_token, Token("access", grant, claims, now + lifetime))
    answer: dict[str, Any] = {
        "access_token": access_token,
        "token_type": "Bearer",
        "scope": grant.scope,
        "expires_in": lifetime,
    }
    if "offline_access" in grant.scopes:
        answer["refresh_token"] = secrets.token_urlsafe(64)
        token = Token("refresh", grant, claims, now + REFRESH_TOKEN_SECONDS)
        provider.store.save_token(answer["refresh_token"], token)
    if "openid" in grant.scopes:
        # No azp here: authentik puts it into the access token only.
        bound = {"at_hash": half_hash(access_token)} | ({} if nonce is None else {"nonce": nonce})
        answer["id_token"] = provider.sign(application, "id", claims | bound)
    return answer


def _common_claims(
    provider: Provider, application: Application, account: Account, grant: Grant, issuer: str
) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": account.person.sub,
        "aud": application.slug,
        "auth_time": int(grant.auth_time),
        "acr": ACR,
    }
    session = provider.store.session_by_sid(grant.sid)
    if session is not None:
        claims["sid"] = session.sid
        # authentik reads amr from the session's last sign-in: after a newer one, older tokens lose it.
        if session.login_id == grant.login_id:
            claims["amr"] = list(session.amr)
    return claims | scope_claims(account, grant.scopes)
