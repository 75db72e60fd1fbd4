"""The only network calls to the identity provider."""

from __future__ import annotations

import base64
import json
import logging
import math
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from accounts import http
from accounts.clients import OIDCClient
from accounts.lanes import NoLaneFree, lanes

logger = logging.getLogger(__name__)

_DISCOVERY_FRESH_SECONDS = 3600
_STALE_SECONDS = 24 * 3600
_REFETCH_SECONDS = 60
_PULSE_SECONDS = 10
_TOO_MANY = 429
_LIFETIME_SECONDS = 300  # of an access token, where the provider does not say
_LONGEST_LIFETIME_SECONDS = 24 * 3600


class IdentityProviderError(Exception):
    """Something about the identity provider went wrong."""


class ProviderUnavailable(IdentityProviderError):
    """The provider is down, slow or overloaded: an outage, not an answer. Try again later."""

    retry_after_seconds = 10


class ProviderRefused(IdentityProviderError):
    """The provider answered, and the answer was no; `error` is OAuth's code, such as `invalid_grant`."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True)
class Endpoints:
    """What discovery says, as far as we use it."""

    authorization: str
    token: str
    userinfo: str
    jwks: str
    revocation: str
    introspection: str
    end_session: str


@dataclass(frozen=True)
class Tokens:
    """A token answer; `expires_in_seconds` counts from its arrival."""

    access_token: str
    id_token: str
    refresh_token: str
    expires_in_seconds: int


class _Cache:
    """Documents of the provider, by URL: fresh for a while, and stale ones kept for an outage (A7)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, tuple[float, dict[str, Any]]] = {}
        self._tried: dict[str, float] = {}
        self.answered_at = -math.inf  # when the provider last answered anything, on the monotonic clock

    def get(self, url: str, *, fresh_seconds: float) -> dict[str, Any]:
        """Return the document at `url`, at most `fresh_seconds` old while the provider answers."""
        entry = self._entries.get(url)
        if entry and time.monotonic() - entry[0] < fresh_seconds:
            return entry[1]
        try:
            with lanes.one(), self._lock:
                return self._fetch(url, fresh_seconds)
        except (ProviderUnavailable, NoLaneFree) as error:
            if entry and time.monotonic() - entry[0] < _STALE_SECONDS:
                logger.warning("identity provider away: using its keys or discovery from the cache")
                return entry[1]
            raise ProviderUnavailable(str(error) or "every lane is taken") from error

    def _fetch(self, url: str, fresh_seconds: float) -> dict[str, Any]:
        """Ask the provider, unless another thread has just done so; the lock is held."""
        entry, now = self._entries.get(url), time.monotonic()
        if entry and now - entry[0] < fresh_seconds:
            return entry[1]
        if entry and now - self._tried.get(url, -_REFETCH_SECONDS) < _REFETCH_SECONDS:
            return entry[1]
        self._tried[url] = now
        document = _get_json(url)
        self._entries[url] = (now, document)
        return document

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._tried.clear()
            self.answered_at = -math.inf


cache = _Cache()


def _discovery_url(client: OIDCClient) -> str:
    return client.issuer.rstrip("/") + "/.well-known/openid-configuration"


def discover(client: OIDCClient) -> Endpoints:
    """Return the provider's endpoints for `client`, from its discovery document.

    Raises:
        ProviderUnavailable: the document can't be had, or speaks of another issuer.
    """
    document = cache.get(_discovery_url(client), fresh_seconds=_DISCOVERY_FRESH_SECONDS)
    if document.get("issuer") != client.issuer:
        logger.error("discovery of %s names the issuer %r", client.client_id, document.get("issuer"))
        raise ProviderUnavailable("discovery names another issuer")
    try:
        return Endpoints(
            authorization=document["authorization_endpoint"],
            token=document["token_endpoint"],
            userinfo=document["userinfo_endpoint"],
            jwks=document["jwks_uri"],
            revocation=document["revocation_endpoint"],
            introspection=document["introspection_endpoint"],
            end_session=document["end_session_endpoint"],
        )
    except KeyError as error:
        raise ProviderUnavailable(f"discovery lacks {error}") from error


def look_whether_it_answers(client: OIDCClient) -> None:
    """Ask the provider for a word, unless it has just given one: a browser is about to be sent there.

    Without that, discovery from the cache would lead people into an error of their browser.

    Raises:
        ProviderUnavailable: no answer.
    """
    if time.monotonic() - cache.answered_at < _PULSE_SECONDS:
        return
    answer = _call("GET", discover(client).authorization, headers={})
    if _is_outage(answer):
        raise ProviderUnavailable(f"the provider answered {answer.status}")


def signing_keys(client: OIDCClient, *, want_kid: str) -> dict[str, Any]:
    """Return the provider's key set; asks again, at most once a minute, if `want_kid` is not in it (A7)."""
    url = discover(client).jwks
    document = cache.get(url, fresh_seconds=_DISCOVERY_FRESH_SECONDS)
    if not any(key.get("kid") == want_kid for key in keys_in(document)):
        document = cache.get(url, fresh_seconds=0)
    return document


def keys_in(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the keys of a key set; what is none is left out."""
    keys = document.get("keys")
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def exchange_code(client: OIDCClient, *, code: str, verifier: str) -> Tokens:
    """Return the tokens for an authorization code.

    Raises:
        ProviderRefused: the code is used, old or not ours.
        ProviderUnavailable: no answer.
    """
    return _token_call(
        client,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uri,
            "code_verifier": verifier,
        },
    )


def refresh(client: OIDCClient, *, refresh_token: str, deadline_seconds: float = http.DEADLINE_SECONDS) -> Tokens:
    """Return new tokens for a refresh token, which is spent by this.

    Raises:
        ProviderRefused: sign in again (`invalid_grant`).
        ProviderUnavailable: no answer; the token may or may not be spent.
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _token_call(client, form, deadline_seconds=deadline_seconds)


def userinfo(client: OIDCClient, *, access_token: str) -> dict[str, Any]:
    """Return the provider's claims about the bearer of `access_token`."""
    headers = {"Authorization": f"Bearer {access_token}"}
    return _answer(_call("GET", discover(client).userinfo, headers=headers))


def revoke(client: OIDCClient, *, token: str, hint: str, deadline_seconds: float = http.DEADLINE_SECONDS) -> None:
    """Take back a token; `hint` is `refresh_token` or `access_token`. An unknown token is no error."""
    form = {"token": token, "token_type_hint": hint}
    _form(client, discover(client).revocation, form, deadline_seconds=deadline_seconds)


def is_active(client: OIDCClient, *, token: str, hint: str) -> bool:
    """Return whether the provider itself still takes a token (RFC 7662)."""
    answer = _form(client, discover(client).introspection, {"token": token, "token_type_hint": hint})
    return answer.get("active") is not False


def sign_out_url(client: OIDCClient, *, id_token: str) -> str:
    """Return where the browser ends the provider's session.

    A configured flow is preferred: `end-session` leaves people signed in after an unfinished flow
    or a removal from the group.

    Raises:
        ProviderUnavailable: no flow is configured and discovery can't be had.
    """
    if client.sign_out_url:
        return client.sign_out_url
    query = {"post_logout_redirect_uri": client.signed_out_uri, "client_id": client.client_id}
    if id_token:
        query["id_token_hint"] = id_token
    return f"{discover(client).end_session}?{urlencode(query)}"


def _token_call(client: OIDCClient, form: dict[str, str], *, deadline_seconds: float = http.DEADLINE_SECONDS) -> Tokens:
    answer = _form(client, discover(client).token, form, deadline_seconds=deadline_seconds)
    access, identity = answer.get("access_token"), answer.get("id_token")
    if not isinstance(access, str) or not isinstance(identity, str):
        raise ProviderUnavailable("the token answer lacks a token")
    return Tokens(
        access_token=access,
        id_token=identity,
        refresh_token=str(answer.get("refresh_token") or ""),
        expires_in_seconds=_lifetime(answer.get("expires_in")),
    )


def _lifetime(told: object) -> int:
    """Return how long an access token is good, as far as it is told; renewed once a day in any case."""
    if isinstance(told, bool) or not isinstance(told, int) or told <= 0:
        return _LIFETIME_SECONDS
    return min(told, _LONGEST_LIFETIME_SECONDS)


def _form(
    client: OIDCClient, url: str, form: dict[str, str], *, deadline_seconds: float = http.DEADLINE_SECONDS
) -> dict[str, Any]:
    credentials = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
    headers = {
        "Authorization": "Basic " + base64.b64encode(credentials.encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    content = urlencode(form).encode()
    return _answer(_call("POST", url, headers=headers, content=content, deadline_seconds=deadline_seconds))


def _get_json(url: str) -> dict[str, Any]:
    try:
        return _answer(_call("GET", url, headers={}))
    except ProviderRefused as error:
        raise ProviderUnavailable(str(error)) from error


def _call(
    method: str,
    url: str,
    *,
    headers: dict[str, str],
    content: bytes = b"",
    deadline_seconds: float = http.DEADLINE_SECONDS,
) -> http.Answer:
    try:
        with lanes.one():
            answer = http.call(method, url, headers=headers, content=content, deadline_seconds=deadline_seconds)
    except http.CallFailed as error:
        raise ProviderUnavailable(str(error)) from error
    except NoLaneFree as error:
        raise ProviderUnavailable("every lane to the provider is held by a slow call") from error
    if not _is_outage(answer):
        cache.answered_at = time.monotonic()
    return answer


def _is_outage(answer: http.Answer) -> bool:
    return answer.status >= 500 or answer.status == _TOO_MANY  # noqa: PLR2004


def _answer(answer: http.Answer) -> dict[str, Any]:
    """Tell "they are down" from "they said no"."""
    if _is_outage(answer) or 300 <= answer.status < 400:  # noqa: PLR2004
        raise ProviderUnavailable(f"the provider answered {answer.status}")
    try:
        document = json.loads(answer.body) if answer.body else {}
    except (ValueError, RecursionError) as error:
        if answer.status >= 400:  # noqa: PLR2004
            raise ProviderRefused(f"status_{answer.status}") from error
        raise ProviderUnavailable("the provider's answer is not JSON") from error
    if not isinstance(document, dict):
        raise ProviderUnavailable("the provider's answer is not an object")
    if answer.status >= 400:  # noqa: PLR2004
        raise ProviderRefused(str(document.get("error") or f"status_{answer.status}"))
    return document
