"""Calls that a page of the stand-in makes to its own API, inside the page's own transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from devstack.payments.errors import StripeError
from devstack.payments.expanding import expand
from devstack.payments.objects import Object
from devstack.payments.routing import Call, find


def ask(call: Call, method: str, path: str, params: dict[str, Any] | None = None) -> Object | None:
    """Return what the API answers with the secret key; None where it has no such route or object.

    Raises:
        StripeError: the call was refused; as in the API, a declined card keeps what was written.
    """
    from devstack.payments.routes import ROUTES  # noqa: PLC0415 - they name these pages themselves

    found = find(ROUTES, method, path)
    if found is None:
        return None
    given = dict(params or {})
    names = given.pop("expand", [])
    route, ids = found
    inner = replace(call, method=method, path=path, ids=ids, params=given, is_public=False)
    kept: StripeError | None = None
    content: Any = None
    try:
        with call.shelf.savepoint():
            try:
                content = route.handler(inner)
            except StripeError as error:
                if not error.keeps_work:
                    raise
                kept = error
    except StripeError as error:
        if error.status == 404:  # noqa: PLR2004 - HTTP's own number
            return None
        raise
    if kept:
        raise kept
    return expand(call.shelf, content, names) if names else content


def listed(call: Call, path: str, params: dict[str, Any] | None = None) -> list[Object]:
    """Return up to a hundred objects of a list."""
    found = ask(call, "GET", path, {"limit": "100", **(params or {})})
    return list(found["data"]) if found else []
