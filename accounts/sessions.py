"""The two browser sessions: opening, reading and ending them."""

from __future__ import annotations

import logging
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils import timezone

from accounts import authentik
from accounts.clients import OIDCClient, get_client
from accounts.enums import ClientName
from accounts.models import OIDCSession, User

if TYPE_CHECKING:
    from accounts.authentik import Tokens

logger = logging.getLogger(__name__)

SESSION_KEY = "oidc_session_id"
_SEEN_EVERY = timedelta(minutes=1)


def open_store(request: HttpRequest, client: OIDCClient) -> SessionBase:
    """Return the Django session of `client`, by its own cookie; empty if there is none."""
    engine = import_module(settings.SESSION_ENGINE)
    store: SessionBase = engine.SessionStore(request.COOKIES.get(client.cookie_name))
    return store


def session_of(store: SessionBase, client: ClientName) -> OIDCSession | None:
    """Return the living session behind a Django session, with its person; None if there is none."""
    pk = store.get(SESSION_KEY)
    if not isinstance(pk, str):
        return None
    try:
        found = OIDCSession.objects.alive().select_related("user").filter(pk=UUID(pk), client=client).first()
    except ValueError:
        return None
    return found if found is not None and found.is_alive(timezone.now()) else None


def other_session(request: HttpRequest, client: ClientName) -> OIDCSession | None:
    """Return the living session of the client whose surface this request is not on."""
    return session_of(open_store(request, get_client(client)), client)


def begin(store: SessionBase, *, user: User, client: OIDCClient, tokens: Tokens, sid: str) -> OIDCSession:
    """Start a session for `user`: under a new key (A10), in place of what this browser had before."""
    ended = store.get(SESSION_KEY)
    if isinstance(ended, str):
        OIDCSession.objects.alive().filter(pk=ended, client=client.name).update(ended_at=timezone.now())
    store.cycle_key()
    store.set_expiry(int(client.absolute.total_seconds()))
    session = OIDCSession.objects.create(
        user=user,
        client=client.name,
        sid=sid[:255],
        id_token=tokens.id_token,
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        access_expires_at=timezone.now() + timedelta(seconds=tokens.expires_in_seconds),
    )
    store[SESSION_KEY] = str(session.pk)
    return session


def touch(session: OIDCSession) -> None:
    """Remember that the session is in use; at most once a minute."""
    now = timezone.now()
    if now - session.last_seen_at >= _SEEN_EVERY:
        OIDCSession.objects.filter(pk=session.pk).update(last_seen_at=now)


def end(session: OIDCSession) -> None:
    """End a session: here first, then its tokens at the provider as far as it answers (S10).

    The tokens are wiped before the provider is asked, so they are gone even if it is down.
    """
    client = session.oidc_client
    tokens = {"refresh_token": session.refresh_token, "access_token": session.access_token}
    session.ended_at = timezone.now()
    session.id_token = session.access_token = session.refresh_token = ""
    session.save()
    for hint, token in tokens.items():
        if not token:
            continue
        try:
            authentik.revoke(client, token=token, hint=hint)
        except authentik.IdentityProviderError as error:
            logger.warning("sign-out: %s could not be revoked: %s", hint, error)
            return
