"""A POST with a key is carried out once in 24 hours; after that its answer is repeated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from devstack.payments.errors import StripeError
from devstack.payments.store import Shelf

Answer = tuple[int, dict[str, Any], dict[str, str]]
_MAX_KEY_LENGTH = 255


def once(shelf: Shelf, key: str, asked: list[Any], work: Callable[[], tuple[int, dict[str, Any]]]) -> Answer:
    """Return status, body and more headers of a call.

    Args:
        shelf: the answer is kept in the same transaction as what the work writes.
        key: the caller's idempotency key.
        asked: method, path and parameters; another call under the same key is refused.
        work: returns what is kept: a success, a declined card, a failure of the server. What it raises is a
            refusal before anything was done, and the key stays free.

    Raises:
        StripeError: the key is too long, is in use by a call under way, or was used for another call.

    """
    if len(key) > _MAX_KEY_LENGTH:
        message = f"Idempotency keys have at most {_MAX_KEY_LENGTH} characters."
        raise StripeError(message, kind="idempotency_error")
    if not shelf.lock_key(key):
        message = f"There is currently another in-progress request using this Idempotent Key ({key})."
        raise StripeError(message, status=HTTPStatus.CONFLICT, kind="idempotency_error", code="idempotency_key_in_use")
    fingerprint = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    known = shelf.answered(key)
    if known is None:
        status, body = work()
        shelf.remember(key, fingerprint, status, body)
        return status, body, {"Idempotency-Key": key}
    if known[0] != fingerprint:
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request."
        )
        raise StripeError(message, kind="idempotency_error")
    return known[1], known[2], {"Idempotent-Replayed": "true", "Idempotency-Key": key}
