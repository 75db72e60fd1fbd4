"""The two browser sessions: opening, reading and ending them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import endings
from accounts.authentik import Tokens
from accounts.clients import OIDCClient, get_client
from accounts.enums import ClientName, EndReason
from accounts.models import OIDCSession, SeenLogoutToken, User

SESSION_KEY = "oidc_session_id"
_STATES_KEY = "oidc_states"  # mozilla-django-oidc's
_KEY = re.compile(r"[a-z0-9]{32}", re.ASCII)  # Django's own; the database can't be asked about every other
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Origin:
    """Where a session comes from: the provider's session and its sign-in, and the browser.

    `asked_at` is when the browser was sent to the provider.
    """

    sid: str = ""
    asked_at: datetime | None = None
    authenticated_at: datetime | None = None
    device: str = ""
    ip: str | None = None


def open_store(request: HttpRequest, client: OIDCClient) -> SessionBase:
    """Return the Django session of `client`, by its own cookie; empty if there is none."""
    engine = import_module(settings.SESSION_ENGINE)
    key = request.COOKIES.get(client.cookie_name, "")
    store: SessionBase = engine.SessionStore(key if _KEY.fullmatch(key) else None)
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


def empty(store: SessionBase) -> None:
    """Forget a session that has ended, but not a sign-in that is on the way: it began to replace it."""
    states = store.get(_STATES_KEY)
    store.flush()
    if states:
        store[_STATES_KEY] = states


class SignedOutMeanwhile(Exception):
    """The person was signed out after this sign-in was found to be good: here of everything, or at the provider."""


def begin(store: SessionBase, *, user: User, client: OIDCClient, tokens: Tokens, origin: Origin) -> OIDCSession:
    """Start a session for `user`, in place of what this browser had before; `enter` puts it into the browser.

    Raises:
        SignedOutMeanwhile: an order came after `user` was read, or a logout token while the sign-in was on its way.
    """
    with transaction.atomic():
        if origin.sid and origin.asked_at:
            endings.hold_sid(client, origin.sid)
            ended = SeenLogoutToken.objects.filter(client=client.name, sid=origin.sid, seen_at__gte=origin.asked_at)
            if ended.exists():
                raise SignedOutMeanwhile
        # Locked as `orders.order_sign_out` does: either it sees this session, or this sees the order.
        now = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if now.reauthenticate_after != user.reauthenticate_after:
            raise SignedOutMeanwhile
        session = OIDCSession.objects.create(
            user=user,
            client=client.name,
            sid=origin.sid[:255],
            authenticated_at=origin.authenticated_at,
            device=origin.device,
            ip=origin.ip,
            id_token=tokens.id_token,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            access_expires_at=timezone.now() + timedelta(seconds=tokens.expires_in_seconds),
        )
    before = store.get(SESSION_KEY)
    if isinstance(before, str):
        endings.close(OIDCSession.objects.filter(pk=before, client=client.name), reason=EndReason.REPLACED)
    return session


def enter(store: SessionBase, session: OIDCSession) -> None:
    """Make `session` the one of this browser, under a new key (A10)."""
    store.cycle_key()
    store.set_expiry(int(session.oidc_client.absolute.total_seconds()))
    store[SESSION_KEY] = str(session.pk)


def touch(session: OIDCSession) -> None:
    """Remember that the session is in use; at most once a minute."""
    now = timezone.now()
    if now - session.last_seen_at >= _SEEN_EVERY:
        OIDCSession.objects.filter(pk=session.pk).update(last_seen_at=now)
