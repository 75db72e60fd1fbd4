"""The authorization endpoint: from a request to a code, a sign-in page, an error or a refusal."""

from __future__ import annotations

import math
import secrets
from dataclasses import replace
from typing import NoReturn

from . import pages
from .applications import SCOPES, Application
from .provider import CODE_SECONDS, Provider
from .records import Code, Grant, Session
from .web import Request, Response, html_response, redirect, with_parameters

LOGIN_PATH = "/if/flow/default-authentication-flow/"

DESCRIPTIONS = {
    "invalid_request": "The request is otherwise malformed",
    "login_required": "The Authorization Server requires End-User authentication",
    "request_not_supported": "The provider does not support use of the request parameter",
    "unsupported_response_type": (
        "The authorization server does not support obtaining an authorization code using this method"
    ),
}


class AuthorizeError(Exception):
    """An answer that ends the request early."""

    def __init__(self, response: Response) -> None:
        """Carry the response."""
        super().__init__(response.status)
        self.response = response


def authorize(provider: Provider, request: Request) -> Response:
    """Answer an authorization request."""
    try:
        application = _application(provider, request)
        _check_parameters(request)
        return _decide(provider, request, application)
    except AuthorizeError as error:
        return error.response


def to_login(request: Request) -> Response:
    """Send the browser to the sign-in page, and back here afterwards."""
    target = request.path
    if request.parameters:
        target = with_parameters(target, request.parameters)
    return redirect(with_parameters(LOGIN_PATH, {"next": target}))


def _application(provider: Provider, request: Request) -> Application:
    parameters = request.parameters
    application = provider.applications.get(parameters.get("client_id", ""))
    if application is None:
        page = pages.error("Client ID Error", "The client identifier (client_id) is missing or invalid.")
        raise AuthorizeError(html_response(page, 400))
    if not provider.configuration.accepts_redirect(application, parameters.get("redirect_uri")):
        text = "The request fails due to a missing, invalid, or mismatching redirection URI (redirect_uri)."
        raise AuthorizeError(html_response(pages.error("Redirect URI Error", text), 400))
    return application


def _check_parameters(request: Request) -> None:
    parameters = request.parameters
    if parameters.get("response_type") != "code":
        _fail(request, "unsupported_response_type")
    if "request" in parameters:
        _fail(request, "request_not_supported")
    if not parameters.get("code_challenge"):
        _fail(request, "invalid_request", "PKCE is required: the code_challenge is missing")
    if parameters.get("code_challenge_method") != "S256":
        _fail(request, "invalid_request", "PKCE is required with S256")
    if not parameters.get("max_age", "0").isdecimal():
        _fail(request, "invalid_request", "max_age is not a number")


def _fail(request: Request, error: str, description: str | None = None) -> NoReturn:
    """Raise an error that goes to the client's callback."""
    parameters = request.parameters
    answer = {"error": error, "error_description": description or DESCRIPTIONS[error]}
    if parameters.get("state"):
        answer["state"] = parameters["state"]
    raise AuthorizeError(redirect(with_parameters(parameters["redirect_uri"], answer)))


def _decide(provider: Provider, request: Request, application: Application) -> Response:
    prompt = request.parameters.get("prompt", "").split()
    signed_in = provider.signed_in(request)
    if signed_in is None:
        if "none" in prompt:
            _fail(request, "login_required")
        return to_login(request)
    session, account = signed_in
    if not provider.configuration.admits(application, account.groups):
        # The refusal never reaches the client, not even with prompt=none.
        return html_response(pages.denied(application, account.person))
    wants_login = "login" in prompt
    if not session.is_fresh:
        max_age_seconds = int(request.parameters.get("max_age", "0"))
        is_too_old = _is_too_old(provider, session, max_age_seconds)
        if is_too_old or (wants_login and not session.was_prompted):
            # Also with prompt=none: authentik shows its page then.
            provider.store.mark_session(replace(session, was_prompted=True))
            return to_login(request)
    was_prompted = session.was_prompted or wants_login
    provider.store.mark_session(replace(session, is_fresh=False, was_prompted=was_prompted, has_unfinished_flow=False))
    return _give_code(provider, request, application, session)


def _is_too_old(provider: Provider, session: Session, max_age_seconds: int) -> bool:
    """Tell whether the sign-in is older than `max_age`; 0 is ignored, as in authentik.

    The age counts in begun seconds, so that `max_age=1` always asks again, however fast a script is; the
    first request after a sign-in is exempt, so that it cannot ask for ever.
    """
    if not max_age_seconds:
        return False
    return math.ceil(provider.now() - session.auth_time) >= max_age_seconds


def _give_code(provider: Provider, request: Request, application: Application, session: Session) -> Response:
    parameters = request.parameters
    asked = parameters.get("scope", "").split() or list(SCOPES)
    grant = Grant(
        client_id=application.slug,
        email=session.email,
        scope=" ".join(scope for scope in dict.fromkeys(asked) if scope in SCOPES),
        sid=session.sid,
        login_id=session.login_id,
        auth_time=session.auth_time,
    )
    secret = secrets.token_hex(16)
    code = Code(grant, parameters["redirect_uri"], parameters["code_challenge"], parameters.get("nonce"))
    provider.store.save_code(secret, code, provider.now() + CODE_SECONDS)
    return redirect(with_parameters(code.redirect_uri, {"code": secret, "state": parameters.get("state", "")}))
