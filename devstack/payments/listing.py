"""Lists as Stripe pages them: newest first, by limit, starting_after and ending_before."""

from __future__ import annotations

from typing import Any

from devstack.payments import fields
from devstack.payments.errors import invalid, no_such
from devstack.payments.fields import Reader
from devstack.payments.objects import Object
from devstack.payments.routing import Call
from devstack.payments.store import Query

_MAX_LIMIT = 100
_PAGING: dict[str, Reader] = {
    "limit": fields.integer,
    "starting_after": fields.required_text,
    "ending_before": fields.required_text,
    "created": fields.range_of_times,
}


def listed(
    call: Call,
    kind: str,
    filters: dict[str, Reader],
    params: dict[str, Any] | None = None,
    *,
    matching: Object | None = None,
    any_of: dict[str, str] | None = None,
) -> Object:
    """Return the page of a list that a call asks for.

    Args:
        call: its address is the list's `url`.
        kind: which objects.
        filters: readers of the parameters that narrow the list to equal values.
        params: instead of the call's own.
        matching: values that every object must have, whatever is asked.
        any_of: parameters that are lists, with the field that must be among them: `{"types": "type"}`.

    Raises:
        StripeError: a parameter is unknown or wrong.

    """
    read = fields.apply(call.params if params is None else params, {**filters, **_PAGING})
    limit = read.pop("limit", 10)
    if not 1 <= limit <= _MAX_LIMIT:
        raise invalid("limit", f"This value must be between 1 and {_MAX_LIMIT} (it currently is '{limit}').")
    after, before = read.pop("starting_after", None), read.pop("ending_before", None)
    if after and before:
        raise invalid("ending_before", "You may only specify one of these parameters: starting_after, ending_before.")
    for param, edge in (("starting_after", after), ("ending_before", before)):
        if edge and call.shelf.get(kind, edge) is None:
            raise no_such(kind, edge, param)
    created = read.pop("created", {})
    among = {field: read.pop(param) for param, field in (any_of or {}).items() if param in read}
    query = Query({**read, **(matching or {})}, among, created, after, before, limit)
    data, has_more = call.shelf.search(kind, query)
    return {"object": "list", "data": data, "has_more": has_more, "url": call.path}


def included(call_path: str, data: list[Object], *, total: bool = False) -> Object:
    """Return a list that is part of an object, such as a subscription's items."""
    more = {"total_count": len(data)} if total else {}
    return {"object": "list", "data": data, "has_more": False, "url": call_path, **more}
