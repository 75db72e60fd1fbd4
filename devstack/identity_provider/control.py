"""`POST /_control`: what tests and demonstrations can do to the provider.

The JSON is `{"action": …}` with these fields (optional ones in brackets):

    down                              close the connection   [endpoints, times, after]
    slow            seconds           answer late            [endpoints, times, after]
    drip            bytes_per_second  answer in drops        [endpoints, times]
    status          code              answer with an error   [endpoints, times, after, body]
    normal                            end these faults       [endpoints]
    revoke          email             kill the person's refresh tokens
    groups          email, groups     put the person into exactly these groups
    deactivate, activate  email       take the account away, give it back
    end_sessions    email             end the person's sessions, with back-channel logout
    rotate_keys                       replace the signing key; returns kid
    encryption_key  kid               "different" from the signing key's, the "same", or "none"
    skew            seconds           shift the provider's clock
    token_lifetime  seconds           of access tokens from now on
    tamper          [token: id (default), access, logout, userinfo; claims; remove;
                     alg: none, HS256; key: wrong, unknown_kid, enc]
    logout_token    client, email     returns logout_token, unsent [claims, remove, typ, alg, key]
    configure       change            change the operator's gate: see configuration.CHANGES
    counts                            returns counts by endpoint and grant type
    state                             returns faults, sessions by e-mail, clock, lifetime
    reset                             behave again; with "sessions": true forget everybody, silently
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast, get_args
from urllib.parse import urlsplit

from devstack.faults import Fault, FaultKind

from .backchannel import end_session, logout_claims
from .configuration import change
from .directory import Account
from .keys import EncryptionKid
from .provider import Provider, Tampering
from .web import Request, Response, json_response

Message = dict[str, Any]
LOOPBACK_NAMES = {"127.0.0.1", "localhost", "::1"}
ENDPOINTS = (
    *("discovery", "jwks", "authorize", "token", "userinfo", "introspect", "revoke"),
    *("end_session", "login", "sign_out", "home", "api", "executor"),
)


def control(provider: Provider, request: Request) -> Response:
    """Do one action; a message that is not understood is a 400 with the reason."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).hostname not in LOOPBACK_NAMES:
        return json_response({"ok": False, "error": "Not from another site."}, 403)
    try:
        message = json.loads(request.body)
        if not isinstance(message, dict):
            return json_response({"ok": False, "error": "Send a JSON object."}, 400)
        action = ACTIONS.get(str(message.get("action")))
        if action is None:
            return json_response({"ok": False, "error": f"Actions: {', '.join(ACTIONS)}."}, 400)
        return json_response({"ok": True, **action(provider, message, request)})
    except (KeyError, TypeError, ValueError) as error:
        return json_response({"ok": False, "error": f"{type(error).__name__}: {error}"}, 400)


def _endpoints(message: Message) -> list[str]:
    endpoints = [str(name) for name in message.get("endpoints") or []]
    unknown = set(endpoints) - set(ENDPOINTS)
    if unknown:
        text = f"unknown endpoints {sorted(unknown)}; there are {', '.join(ENDPOINTS)}"
        raise ValueError(text)
    return endpoints


def _account(provider: Provider, message: Message) -> Account:
    account = provider.directory.account(str(message["email"]))
    if account is None:
        text = "nobody has that e-mail address"
        raise ValueError(text)
    return account


def _fault(provider: Provider, message: Message, _: Request) -> Message:
    kind = cast("FaultKind", message["action"])
    fault = Fault(
        kind,
        seconds=float(message["seconds"]) if kind == "slow" else 0,
        bytes_per_second=float(message["bytes_per_second"]) if kind == "drip" else 0,
        code=HTTPStatus(int(message["code"])) if kind == "status" else 503,
        body=str(message.get("body", "")),
        is_after=bool(message.get("after", False)),
    )
    if kind == "drip" and fault.bytes_per_second <= 0:
        text = "bytes_per_second has to be more than 0"
        raise ValueError(text)
    times = message.get("times")
    provider.faults.put(fault, _endpoints(message), None if times is None else int(times))
    return {}


def _normal(provider: Provider, message: Message, _: Request) -> Message:
    provider.faults.clear(_endpoints(message))
    return {}


def _revoke(provider: Provider, message: Message, _: Request) -> Message:
    provider.store.delete_refresh_tokens(_account(provider, message).person.email)
    return {}


def _groups(provider: Provider, message: Message, _: Request) -> Message:
    provider.directory.set_groups(_account(provider, message), tuple(str(name) for name in message["groups"]))
    return {}


def _activate(provider: Provider, message: Message, _: Request) -> Message:
    provider.directory.set_active(_account(provider, message), is_active=message["action"] == "activate")
    return {}


def _rotate_keys(provider: Provider, _: Message, __: Request) -> Message:
    return {"kid": provider.keys.rotate()}


def _encryption_key(provider: Provider, message: Message, _: Request) -> Message:
    kid = message["kid"]
    if kid not in get_args(EncryptionKid):
        text = f"kid is one of {', '.join(get_args(EncryptionKid))}"
        raise ValueError(text)
    provider.keys.encryption_kid = kid
    return {}


def _skew(provider: Provider, message: Message, _: Request) -> Message:
    provider.skew_seconds = float(message["seconds"])
    return {}


def _token_lifetime(provider: Provider, message: Message, _: Request) -> Message:
    seconds = int(message["seconds"])
    if seconds <= 0:
        text = "seconds has to be more than 0"
        raise ValueError(text)
    provider.access_token_seconds = seconds
    return {}


def _tamper(provider: Provider, message: Message, _: Request) -> Message:
    token = str(message.get("token", "id"))
    if token not in ("id", "access", "logout", "userinfo"):
        text = "token is one of id, access, logout, userinfo"
        raise ValueError(text)
    alg, key = message.get("alg"), message.get("key")
    if alg not in (None, "none", "HS256") or key not in (None, "wrong", "unknown_kid", "enc"):
        text = "alg is null, none or HS256; key is null, wrong, unknown_kid or enc"
        raise ValueError(text)
    provider.tampering[token] = Tampering(
        token, dict(message.get("claims") or {}), tuple(message.get("remove") or ()), alg, key
    )
    return {}


def _logout_token(provider: Provider, message: Message, request: Request) -> Message:
    """Make a logout token without sending it, for forgeries and replays."""
    application = provider.applications[str(message["client"])]
    claims = logout_claims(provider, application, _account(provider, message), request.base_url)
    bent = Tampering("logout", dict(message.get("claims") or {}), tuple(message.get("remove") or ())).bend(claims)
    token = provider.keys.sign(
        bent,
        typ=str(message.get("typ", "logout+jwt")),
        alg=message.get("alg"),
        key=message.get("key"),
        client_secret=application.secret,
    )
    return {"logout_token": token}


def _configure(provider: Provider, message: Message, _: Request) -> Message:
    change(provider.configuration, str(message["change"]))
    return {}


def _counts(provider: Provider, _: Message, __: Request) -> Message:
    return {"counts": provider.counts.snapshot()}


def _reset(provider: Provider, message: Message, _: Request) -> Message:
    provider.reset()
    if message.get("sessions"):
        provider.store.forget_everybody()
    return {}


def _end_sessions(provider: Provider, message: Message, request: Request) -> Message:
    account = _account(provider, message)
    sessions = provider.store.sessions_of(account.person.email)
    for session in sessions:
        end_session(provider, session, account, request.base_url)
    return {"ended": len(sessions)}


def _state(provider: Provider, _: Message, __: Request) -> Message:
    return {
        "faults": provider.faults.describe(),
        "sessions": provider.signed_in_people(),
        "tampering": sorted(provider.tampering),
        "skew_seconds": provider.skew_seconds,
        "token_lifetime_seconds": provider.access_token_seconds,
    }


ACTIONS: dict[str, Callable[[Provider, Message, Request], Message]] = {
    "down": _fault,
    "slow": _fault,
    "drip": _fault,
    "status": _fault,
    "normal": _normal,
    "revoke": _revoke,
    "groups": _groups,
    "deactivate": _activate,
    "activate": _activate,
    "rotate_keys": _rotate_keys,
    "encryption_key": _encryption_key,
    "skew": _skew,
    "token_lifetime": _token_lifetime,
    "tamper": _tamper,
    "logout_token": _logout_token,
    "configure": _configure,
    "counts": _counts,
    "reset": _reset,
    "end_sessions": _end_sessions,
    "state": _state,
}
