"""The pages that people meet: signing in, signing out, and who is signed in."""

from __future__ import annotations

import secrets
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from . import pages
from .applications import Application
from .authorize import to_login
from .backchannel import end_session as end_sso_session
from .directory import Account
from .provider import Provider
from .records import Session, digest
from .web import (
    Request,
    Response,
    clear_session_cookie,
    html_response,
    redirect,
    set_session_cookie,
    with_parameters,
)

HOME = "/if/user/"


def safe_next(target: str | None) -> str:
    """Return `target` if it is a path of this origin, else the provider's own home."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return HOME
    if any(ord(character) <= ord(" ") for character in target):
        return HOME
    return target


def login(provider: Provider, request: Request) -> Response:
    """Show the people of the demo; a POST of `username` signs in."""
    target = safe_next(request.query.get("next"))
    application = _application_of(provider, target)
    signed_in = provider.signed_in(request)
    if request.method != "POST":
        if signed_in:
            provider.store.mark_session(replace(signed_in[0], has_unfinished_flow=True))
        current = signed_in[1].person if signed_in else None
        return html_response(pages.people(application, current))
    account = provider.directory.active(request.form.get("username", ""))
    if account is None:
        return html_response(pages.people(application, None, error="Failed to authenticate."))
    return set_session_cookie(redirect(target), _sign_in(provider, request, account, application))


def _application_of(provider: Provider, target: str) -> Application | None:
    client_id = parse_qs(urlsplit(target).query).get("client_id", [""])[0]
    return provider.applications.get(client_id)


def _sign_in(provider: Provider, request: Request, account: Account, application: Application | None) -> str:
    """Open a session, or sign in anew in the same person's; return the cookie's value."""
    email = account.person.email
    has_factor = application is not None and application.demands_second_factor
    with provider.store.transaction():
        key, old = request.session_key, provider.store.session(request.session_key)
        if old is not None and old.email != email:
            provider.store.delete_session(old.sid)
            old = None
        if key is None or old is None:
            key = secrets.token_urlsafe(32)
        session = Session(
            sid=digest(key),
            email=email,
            login_id=secrets.token_hex(8),
            auth_time=provider.now(),
            amr=("pwd", "mfa") if has_factor else ("pwd",),
            was_prompted=old.was_prompted if old else False,
        )
        provider.store.save_session(session)
    return key


def sign_out(provider: Provider, request: Request, application: Application) -> Response:
    """End the session whatever state it is in, tell the clients, and go to the signed-out page."""
    signed_in = provider.signed_in(request)
    if signed_in:
        end_sso_session(provider, *signed_in, request.base_url)
    elif request.session_key:
        provider.store.delete_session(digest(request.session_key))
    return clear_session_cookie(redirect(application.signed_out_url))


def end_session(provider: Provider, request: Request, application: Application) -> Response:
    """End the session by the protocol's endpoint, which fails where authentik's fails."""
    signed_in = provider.signed_in(request)
    if signed_in is None:
        return to_login(request)
    session, account = signed_in
    if not provider.configuration.admits(application, account.groups):
        return html_response(pages.denied(application, account.person))
    if session.has_unfinished_flow:
        return html_response(pages.signed_out(application))
    end_sso_session(provider, session, account, request.base_url)
    target = request.parameters.get("post_logout_redirect_uri")
    if target != application.signed_out_url:
        return clear_session_cookie(html_response(pages.signed_out(application)))
    state = request.parameters.get("state")
    return clear_session_cookie(redirect(with_parameters(target, {"state": state}) if state else target))


def home(provider: Provider, request: Request) -> Response:
    """Show who is signed in in this browser."""
    signed_in = provider.signed_in(request)
    if signed_in is None:
        return to_login(request)
    return html_response(pages.home(signed_in[1].person, list(provider.applications.values())))
