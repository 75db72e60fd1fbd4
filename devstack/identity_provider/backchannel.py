"""Back-channel logout: ends a browser's session and tells the clients that took part in it."""

from __future__ import annotations

import logging
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http import HTTPStatus
from typing import Any

from .applications import Application
from .directory import Account
from .provider import Provider
from .records import Session

LOG = logging.getLogger(__name__)
EVENT = "http://schemas.openid.net/event/backchannel-logout"
TRIES = 2
TIMEOUT_SECONDS = 5
LIFETIME_SECONDS = 120


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A logout token goes where it was addressed to and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing."""


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


def end_session(provider: Provider, session: Session, account: Account, base_url: str) -> None:
    """End a session and notify its clients in the background.

    Only clients with a live access token are told (authentik issue 25826). Refresh tokens stay good.
    """
    with provider.store.transaction():
        clients = provider.store.clients_with_access(session.sid, provider.now())
        provider.store.delete_session(session.sid)
    for client_id in clients:
        application = provider.applications[client_id]
        claims = logout_claims(provider, application, account, base_url) | {"sid": session.sid}
        token = provider.sign(application, "logout", claims, "logout+jwt")
        url = application.backchannel_logout_url
        threading.Thread(target=_send, args=(url, token), daemon=True, name="backchannel").start()


def logout_claims(provider: Provider, application: Application, account: Account, base_url: str) -> dict[str, Any]:
    """Return the claims of a logout token, but for the sid."""
    now = int(provider.now())
    return {
        "iss": application.issuer(base_url),
        "sub": account.person.sub,
        "aud": application.slug,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": secrets.token_hex(16),
        "events": {EVENT: {}},
    }


def _send(url: str, token: str) -> None:
    """POST the token; a client that is away or broken is tried once more and then left alone."""
    body = urllib.parse.urlencode({"logout_token": token}).encode()
    for attempt in range(TRIES):
        if attempt:
            time.sleep(1)
        try:
            with _OPENER.open(url, body, TIMEOUT_SECONDS) as answer:
                LOG.info("back-channel logout at %s: %d", url, answer.status)
                return
        except urllib.error.HTTPError as error:
            error.close()
            LOG.info("back-channel logout at %s: %d", url, error.code)
            if error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                return
        except OSError as error:
            LOG.info("back-channel logout at %s: %s", url, type(error).__name__)
