"""The endpoints that clients call themselves: token, userinfo, introspection, revocation."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from .applications import Application
from .keys import encode_bytes
from .provider import Provider, Tampering
from .tokens import issue_tokens, scope_claims
from .web import Request, Response, json_response

DESCRIPTIONS = {
    "invalid_client": (
        "Client authentication failed (e.g., unknown client, no client authentication included, "
        "or unsupported authentication method)"
    ),
    "invalid_grant": (
        "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the "
        "redirection URI used in the authorization request, or was issued to another client"
    ),
    "invalid_scope": (
        "The requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource owner"
    ),
    "unsupported_grant_type": "The authorization grant type is not supported by the authorization server",
}
INVALID_TOKEN = "The access token provided is expired, revoked, malformed, or invalid for other reasons"  # noqa: S105


def _refuse(error: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": DESCRIPTIONS[error]}, status)


def _authenticated_client(provider: Provider, request: Request) -> Application | None:
    """Return the client that proved its secret, by client_secret_basic or client_secret_post."""
    client_id, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
    application = provider.applications.get(client_id)
    if application is None or not hmac.compare_digest(application.secret.encode(), secret.encode()):
        return None
    return application


def token(provider: Provider, request: Request) -> Response:
    """Redeem a code or a refresh token; every refusal is a 400, as in authentik."""
    grant_type = request.form.get("grant_type")
    if grant_type not in ("authorization_code", "refresh_token"):
        return _refuse("unsupported_grant_type")
    application = _authenticated_client(provider, request)
    if application is None:
        return _refuse("invalid_client")
    redeem = _redeem_code if grant_type == "authorization_code" else _redeem_refresh_token
    with provider.store.transaction():
        return redeem(provider, request, application)


def _redeem_code(provider: Provider, request: Request, application: Application) -> Response:
    secret = request.form.get("code", "")
    code = provider.store.code(secret, provider.now())
    if code is None or code.grant.client_id != application.slug:
        return _refuse("invalid_grant")
    verifier = request.form.get("code_verifier", "")
    challenge = encode_bytes(hashlib.sha256(verifier.encode()).digest())
    if code.redirect_uri != request.form.get("redirect_uri") or code.code_challenge != challenge:
        return _refuse("invalid_grant")
    account = provider.directory.active(code.grant.email)
    if account is None:
        return _refuse("invalid_grant")
    provider.store.delete_code(secret)
    issuer = application.issuer(request.base_url)
    answer = issue_tokens(provider, application, account, code.grant, issuer=issuer, nonce=code.nonce)
    return json_response(answer)


def _redeem_refresh_token(provider: Provider, request: Request, application: Application) -> Response:
    """Rotate: the old token is gone for good, its siblings are not; the policy is not asked again."""
    secret = request.form.get("refresh_token", "")
    stored = provider.store.token(secret, provider.now(), "refresh")
    if stored is None or stored.grant.client_id != application.slug:
        return _refuse("invalid_grant")
    account = provider.directory.active(stored.grant.email)
    if account is None:
        return _refuse("invalid_grant")
    if not set(request.form.get("scope", "").split()) <= set(stored.grant.scopes):
        return _refuse("invalid_scope")
    provider.store.delete_token(secret)
    issuer = application.issuer(request.base_url)
    return json_response(issue_tokens(provider, application, account, stored.grant, issuer=issuer))


def userinfo(provider: Provider, request: Request) -> Response:
    """Return the person's claims of this moment."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    stored = provider.store.token(secret, provider.now(), "access") if scheme.lower() == "bearer" else None
    account = provider.directory.active(stored.grant.email) if stored else None
    if stored is None or account is None:
        refusal = Response(401)
        refusal.headers["WWW-Authenticate"] = f'Bearer error="invalid_token", error_description="{INVALID_TOKEN}"'
        return refusal
    claims = {"sub": account.person.sub} | scope_claims(account, stored.grant.scopes)
    return json_response(provider.tampering.get("userinfo", Tampering("userinfo")).bend(claims))


def introspect(provider: Provider, request: Request) -> Response:
    """Describe a client's own token with the claims of the moment it was issued."""
    application = _authenticated_client(provider, request)
    stored = provider.store.token(request.form.get("token", ""), provider.now())
    if application is None or stored is None or stored.grant.client_id != application.slug:
        return json_response({"active": False})
    own = {"active": True, "scope": stored.grant.scope, "client_id": application.slug}
    return json_response(stored.claims | own)


def revoke(provider: Provider, request: Request) -> Response:
    """Revoke a client's own token; an unknown one is a success (RFC 7009)."""
    application = _authenticated_client(provider, request)
    if application is None:
        return _refuse("invalid_client", 401)
    secret = request.form.get("token", "")
    stored = provider.store.token(secret, provider.now())
    if stored is not None and stored.grant.client_id == application.slug:
        provider.store.delete_token(secret)
    return json_response({})
