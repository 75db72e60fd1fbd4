"""From HTTP to a call and back: keys, versions, idempotency, and the log of what went wrong."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import sys
import traceback
from typing import Any

from devstack.payments import API_VERSION, calls, forms
from devstack.payments.errors import StripeError
from devstack.payments.seed import seed
from devstack.payments.store import Shelf, Store
from devstack.standin import Request, Response

_MAX_KEY_LENGTH = 255


class Api:
    """Answers Stripe's requests out of a store."""

    def __init__(self, store: Store, *, secret_key: str) -> None:
        """Make sure that the demo's plans are there."""
        self._store = store
        self._secret_key = secret_key
        with store.transaction() as shelf:
            seed(shelf)

    def answer(self, request: Request) -> Response:
        """Return what Stripe would."""
        headers = {"Request-Id": f"req_{secrets.token_hex(7)}", "Stripe-Version": API_VERSION}
        try:
            status, body, more = self._handle(request)
        except StripeError as error:
            status, body, more = error.status, error.body(), {}
        except Exception:  # noqa: BLE001 - Stripe answers every failure of its own in its shape
            traceback.print_exc(file=sys.stderr)
            failure = StripeError("The stand-in failed; its log has the reason.", status=500, kind="api_error")
            status, body, more = failure.status, failure.body(), {}
        return Response.json(body, status, {**headers, **more})

    def reset(self, _order: dict[str, Any]) -> None:
        """Forget everything but the demo's plans."""
        with self._store.transaction() as shelf:
            shelf.clear()
            seed(shelf)

    def _handle(self, request: Request) -> tuple[int, dict[str, Any], dict[str, str]]:
        self._authenticate(request)
        version = request.headers.get("stripe-version", API_VERSION)
        if version != API_VERSION:
            message = f"Invalid Stripe API version: {version}; this stand-in speaks {API_VERSION} alone."
            raise StripeError(message)
        encoded = request.query if request.method in {"GET", "DELETE"} else request.body.decode(errors="replace")
        params = forms.decode(encoded)
        key = request.headers.get("idempotency-key", "")
        with self._store.transaction() as shelf:
            if not key or request.method != "POST":
                return 200, calls.call(shelf, request.method, request.path, params), {}
            return _once(shelf, key, request, params)

    def _authenticate(self, request: Request) -> None:
        given = _key_of(request.headers.get("authorization", ""))
        if not given:
            message = (
                "You did not provide an API key. You need to provide your API key in the Authorization header, using "
                "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
            )
            raise StripeError(message, status=401)
        if not hmac.compare_digest(given.encode(), self._secret_key.encode()):
            shown = f"{given[:8]}{'*' * 8}{given[-4:]}" if len(given) > 16 else "*" * 8  # noqa: PLR2004
            message = f"Invalid API Key provided: {shown}"
            raise StripeError(message, status=401)


def _once(
    shelf: Shelf, key: str, request: Request, params: dict[str, Any]
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Carry out a call at most once for its key, and repeat its answer after that."""
    if len(key) > _MAX_KEY_LENGTH:
        message = f"Idempotency keys have at most {_MAX_KEY_LENGTH} characters."
        raise StripeError(message, kind="idempotency_error")
    if not shelf.lock_key(key):
        message = f"There is currently another in-progress request using this Idempotent Key ({key})."
        raise StripeError(message, status=409, kind="idempotency_error", code="idempotency_key_in_use")
    asked = json.dumps([request.method, request.path, params], sort_keys=True)
    fingerprint = hashlib.sha256(asked.encode()).hexdigest()
    known = shelf.answered(key)
    if known:
        if known[0] != fingerprint:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise StripeError(message, kind="idempotency_error")
        return known[1], known[2], {"Idempotent-Replayed": "true", "Idempotency-Key": key}
    body = calls.call(shelf, request.method, request.path, params)
    shelf.remember(key, fingerprint, 200, body)
    return 200, body, {"Idempotency-Key": key}


def _key_of(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
