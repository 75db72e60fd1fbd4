"""The flow executor: what authentik's own page talks to, for a probe that signs in with a password."""

from __future__ import annotations

import hmac
import json
import secrets
from typing import Any

from .admin_api import PREFIX as API
from .backchannel import end_session
from .provider import Provider
from .records import Session, digest
from .web import Request, Response, clear_session_cookie, json_response, redirect, set_session_cookie

PREFIX = f"{API}flows/executor/"
SIGN_IN = "default-authentication-flow"
IDENTIFICATION, PASSWORD = "ak-stage-identification", "ak-stage-password"


def execute(provider: Provider, request: Request) -> Response:
    """Show a flow's next challenge, or take the answer to it and redirect to the next."""
    slug = request.path.removeprefix(PREFIX).strip("/")
    if slug in {f"{name}-sign-out" for name in provider.applications} | {"default-invalidation-flow"}:
        return _sign_out(provider, request)
    if slug != SIGN_IN:
        return json_response({"detail": "No Flow matches the given query."}, 404)
    return _solve(provider, request) if request.method == "POST" else _challenge(provider, request)


def _challenge(provider: Provider, request: Request) -> Response:
    if provider.signed_in(request):
        return json_response({"component": "xak-flow-redirect", "to": "/"})
    if request.session_key in provider.pending:
        return json_response({"component": PASSWORD, "pending_user": provider.pending[request.session_key]})
    key = secrets.token_urlsafe(32)
    challenge = {"component": IDENTIFICATION, "user_fields": ["email", "username"], "password_fields": False}
    return set_session_cookie(json_response(challenge), key)


def _solve(provider: Provider, request: Request) -> Response:
    given = json.loads(request.body or b"{}")
    key = request.session_key
    if key is None or not isinstance(given, dict):
        return json_response({"detail": "There is no flow under way."}, 400)
    if key not in provider.pending:
        provider.pending[key] = str(given.get("uid_field", ""))
        return redirect(request.target)
    name = provider.pending[key]
    if not _is_right(provider, name, str(given.get("password", ""))):
        return _wrong("password", "Invalid password")
    del provider.pending[key]
    provider.store.save_session(
        Session(
            sid=digest(key),
            email=name,
            login_id=secrets.token_hex(8),
            auth_time=provider.now(),
            amr=("pwd",),
        )
    )
    return redirect(request.target)


def _is_right(provider: Provider, name: str, password: str) -> bool:
    """Only the probes have passwords; the people of the demo sign in at the page."""
    expected = provider.monitor.passwords.get(name, "")
    is_known = provider.directory.active(name) is not None
    return is_known and bool(expected) and hmac.compare_digest(password.encode(), expected.encode())


def _wrong(field: str, text: str) -> Response:
    errors: dict[str, Any] = {field: [{"string": text, "code": "invalid"}]}
    return json_response({"component": PASSWORD, "response_errors": errors})


def _sign_out(provider: Provider, request: Request) -> Response:
    signed_in = provider.signed_in(request)
    if signed_in:
        end_session(provider, *signed_in, request.base_url)
    return clear_session_cookie(json_response({"component": "xak-flow-redirect", "to": "/"}))
