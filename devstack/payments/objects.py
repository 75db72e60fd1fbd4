"""What every kind of object shares: its JSON, its id, and the demand that it exists."""

from __future__ import annotations

import secrets
import string
from typing import Any

from devstack.payments.errors import no_such
from devstack.payments.store import Shelf

Object = dict[str, Any]

_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 14) -> str:
    """Return an id as Stripe makes them: a prefix and letters that nobody guesses."""
    return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(length))}"


def demand(shelf: Shelf, kind: str, identifier: str, param: str = "id", *, for_update: bool = False) -> Object:
    """Return an object that must be there and not deleted.

    Raises:
        StripeError: it is not: a 404 if the address names it (`param` is "id"), a 400 otherwise.
    """
    content = shelf.get(kind, identifier, for_update=for_update)
    if content is None or content.get("deleted"):
        raise no_such(kind, identifier, param)
    return content
