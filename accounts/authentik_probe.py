"""Asking authentik from outside, as anybody could: what it publishes, and what it does when somebody signs in.

Configuration says what ought to happen; this says what does.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from django.conf import settings

from accounts import authentik, http
from accounts.authentik import ProviderUnavailable
from accounts.authentik_admin import origin
from accounts.clients import OIDCClient
from accounts.verification import TokenRejected, verify_id_token

_DENIED = "Permission denied"
_MAX_STAGES = 8


class Outcome(Enum):
    """What came of somebody's way to an application; `UNUSABLE` is a code that leads to no token of ours."""

    ADMITTED = "admitted"
    DENIED = "denied"
    UNUSABLE = "unusable"


class ProbeFailed(Exception):
    """The probe account can't sign in at all, so nothing is known of the gate; the message says why."""


@dataclass(frozen=True)
class Attempt:
    """One try to sign in, with what was wrong with a token that was not usable."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class Signing:
    """How a provider says it signs, and how many keys it publishes for that."""

    algorithms: frozenset[str]
    keys: int


def signing(client: OIDCClient) -> Signing:
    """Return what the provider of `client` publishes now, past every cache.

    Raises:
        ProviderUnavailable: no answer.
    """
    document = _json(_call("GET", f"{client.issuer.rstrip('/')}/.well-known/openid-configuration"))
    keys = _json(_call("GET", str(document.get("jwks_uri", "")))).get("keys", [])
    algorithms = document.get("id_token_signing_alg_values_supported", [])
    usable = [key for key in keys if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"]
    return Signing(frozenset(map(str, algorithms)), len(usable))


def takes_redirect(client: OIDCClient, redirect_uri: str) -> bool:
    """Return whether the provider would send a code of `client` to `redirect_uri`; nobody is signed in.

    Raises:
        ProviderUnavailable: no answer, or neither a yes nor a no.
    """
    answer = _call("GET", _authorize_url(client, redirect_uri=redirect_uri, prompt="none"))
    if answer.status == HTTPStatus.BAD_REQUEST:
        return False
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return True
    raise ProviderUnavailable(f"the provider answered {answer.status} to an authorization request")


def sign_in(client: OIDCClient, *, username: str, password: str) -> Attempt:
    """Sign an account in as a browser does and go to `client`'s application; sign it out again.

    Who is let in gets a code. It is redeemed, so that we know it leads to a token of this very application,
    for this very client, signed by a published key; then the tokens are taken back.

    Raises:
        ProviderUnavailable: no answer, or neither a yes nor a no.
        ProbeFailed: the account can't sign in.
    """
    browser = _Browser()
    _pass_flow(browser, username=username, password=password)
    try:
        return _open_application(browser, client)
    finally:
        _leave(browser, client)


@dataclass
class _Browser:
    """Keeps authentik's cookies, and follows its redirects only inside its own origin."""

    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, url: str, given: dict[str, str] | None = None) -> http.Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        content = b""
        if given is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(given).encode()
        answer = _call(method, url, headers=headers, content=content)
        try:
            for cookie in answer.cookies:
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
        except CookieError as error:
            raise ProviderUnavailable("the provider's cookie can't be read") from error
        return answer


def _pass_flow(browser: _Browser, *, username: str, password: str) -> None:
    url = f"{origin()}/api/v3/flows/executor/{settings.AUTHENTIK_PROBE_FLOW}/?query="
    answers = {
        "ak-stage-identification": {"uid_field": username},
        "ak-stage-password": {"password": password},
        "ak-stage-user-login": {"remember_me": ""},
    }
    answer = browser.send("GET", url)
    for _ in range(_MAX_STAGES):
        if answer.status == HTTPStatus.FOUND:
            answer = browser.send("GET", _own_url(url, answer.headers.get("location", "")))
            continue
        challenge = _json(answer)
        component = str(challenge.get("component"))
        if component == "xak-flow-redirect":
            return
        if challenge.get("response_errors"):
            raise ProbeFailed(f"{username} can't sign in: the password is not accepted")
        if component not in answers:
            raise ProbeFailed(f"{username} can't sign in: the flow asks for {component}")
        given = {"component": component, **answers[component]}
        if challenge.get("password_fields"):  # the flow asks for both on one page
            given["password"] = password
        answer = browser.send("POST", url, given)
    raise ProbeFailed(f"{username} can't sign in: the flow has no end")


def _open_application(browser: _Browser, client: OIDCClient) -> Attempt:
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    url = _authorize_url(client, redirect_uri=client.redirect_uri, nonce=nonce, code_challenge=challenge)
    answer = browser.send("GET", url)
    if answer.status == HTTPStatus.OK and _DENIED in answer.body.decode("utf-8", "replace"):
        return Attempt(Outcome.DENIED)
    location = urlsplit(answer.headers.get("location", ""))
    code = parse_qs(location.query).get("code", [""])[0]
    if not code or not answer.headers["location"].startswith(client.redirect_uri):
        raise ProviderUnavailable(f"the provider answered {answer.status}, neither a code nor a refusal")
    return _redeem(client, code=code, verifier=verifier, nonce=nonce)


def _redeem(client: OIDCClient, *, code: str, verifier: str, nonce: str) -> Attempt:
    try:
        tokens = authentik.exchange_code(client, code=code, verifier=verifier)
    except authentik.ProviderRefused as error:
        return Attempt(Outcome.UNUSABLE, f"the code is not redeemed: {error.error}")
    try:
        verify_id_token(client, tokens.id_token, nonce=nonce, access_token=tokens.access_token)
    except TokenRejected as error:
        return Attempt(Outcome.UNUSABLE, f"the token is not accepted: {error}")
    finally:
        _take_back(client, tokens)
    return Attempt(Outcome.ADMITTED)


def _take_back(client: OIDCClient, tokens: authentik.Tokens) -> None:
    """Revoke what was got; what can't be revoked now runs out by itself."""
    for hint, token in (("refresh_token", tokens.refresh_token), ("access_token", tokens.access_token)):
        with suppress(authentik.IdentityProviderError):
            authentik.revoke(client, token=token, hint=hint)


def _leave(browser: _Browser, client: OIDCClient) -> None:
    """End the session at the provider; one that is left over ends by itself."""
    words = urlsplit(client.sign_out_url).path.strip("/").split("/")
    flow = words[-1] if words[:2] == ["if", "flow"] else "default-invalidation-flow"
    with suppress(ProviderUnavailable):
        browser.send("GET", f"{origin()}/api/v3/flows/executor/{flow}/?query=")


def _authorize_url(client: OIDCClient, **changes: str) -> str:
    given = {
        "client_id": client.client_id,
        "response_type": "code",
        "scope": "openid offline_access",
        "state": secrets.token_urlsafe(16),
        "code_challenge": "A" * 43,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{origin()}/application/o/authorize/?{urlencode(given)}"


def _own_url(url: str, location: str) -> str:
    target = urljoin(url, location)
    if not target.startswith(f"{origin()}/"):
        raise ProviderUnavailable("the flow leads to another origin")
    return target


def _call(method: str, url: str, *, headers: dict[str, str] | None = None, content: bytes = b"") -> http.Answer:
    if not url.startswith(("http://", "https://")):
        raise ProviderUnavailable("the provider names no usable address")
    try:
        answer = http.call(method, url, headers=headers, content=content)
    except http.CallFailed as error:
        raise ProviderUnavailable(str(error)) from error
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise ProviderUnavailable(f"the provider answered {answer.status}")
    return answer


def _json(answer: http.Answer) -> dict[str, Any]:
    try:
        document = json.loads(answer.body)
    except ValueError as error:
        raise ProviderUnavailable(f"the provider answered {answer.status}, and not in JSON") from error
    if not isinstance(document, dict):
        raise ProviderUnavailable("the provider's answer is not an object")
    return document
