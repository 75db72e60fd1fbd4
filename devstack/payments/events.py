"""What happened, as Stripe's events: kept for 30 days, listed, and put up for delivery to every endpoint."""

from __future__ import annotations

from typing import Any

from devstack.payments import API_VERSION, fields
from devstack.payments.errors import no_such
from devstack.payments.fields import Reader
from devstack.payments.listing import listed
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf

_KEPT_SECONDS = 30 * 24 * 3600
_MOST_ENDPOINTS = 16


def emit(
    shelf: Shelf,
    kind: str,
    content: Object,
    *,
    now: int | None = None,
    previous: Object | None = None,
    request: dict[str, str | None] | None = None,
) -> Object:
    """Keep an event about an object as it is now, and return it.

    Args:
        shelf: the transaction that made it happen; the event is part of it.
        kind: Stripe's name of the event, such as `customer.updated`.
        content: the object, without anything expanded.
        now: when it happened, in Unix seconds; the shelf's time without it.
        previous: the old values of what an update changed; `changes` finds them.
        request: id and idempotency key of the API request; the shelf's own without it.

    """
    data: Object = {"object": content}
    if previous is not None:
        data["previous_attributes"] = previous
    endpoints = [each for each in shelf.all("webhook_endpoint") if _wants(each, kind)]
    event = {
        "id": new_id("evt", 24),
        "object": "event",
        "api_version": API_VERSION,
        "created": shelf.now if now is None else now,
        "data": data,
        "livemode": False,
        "pending_webhooks": len(endpoints),
        "request": shelf.request if request is None else request,
        "type": kind,
    }
    shelf.add(event)
    for endpoint in endpoints:
        shelf.connection.execute(
            "INSERT INTO payments_standin.deliveries (event_id, endpoint_id) VALUES (%s, %s)",
            [event["id"], endpoint["id"]],
        )
    return event


def changes(old: Object, new: Object) -> Object:
    """Return the old values of what differs, null for what was not there; nested objects only where they differ."""
    found: Object = {}
    for name, value in new.items():
        before = old.get(name)
        if before == value:
            continue
        found[name] = changes(before, value) if isinstance(before, dict) and isinstance(value, dict) else before
    return {**found, **{name: value for name, value in old.items() if name not in new}}


def _wants(endpoint: Object, kind: str) -> bool:
    is_named = "*" in endpoint["enabled_events"] or kind in endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and is_named


def _list(call: Call) -> Object:
    filters: dict[str, Reader] = {
        "delivery_success": _pending_webhooks,
        "type": fields.required_text,
        "types": fields.strings,
    }
    params = dict(call.params)
    oldest = str(call.now - _KEPT_SECONDS)
    created = params.get("created", {})
    if isinstance(created, dict):
        params["created"] = {**created, "gte": max(created.get("gte", "0"), oldest, key=_number)}
    return listed(call, "event", filters, params, any_of={"types": "type", "delivery_success": "pending_webhooks"})


def _pending_webhooks(value: Any, param: str) -> list[str]:
    """Read whether all deliveries succeeded into how many of them may be missing; an account has 16 endpoints."""
    return ["0"] if fields.boolean(value, param) else [str(count) for count in range(1, _MOST_ENDPOINTS + 1)]


def _number(value: Any) -> int:
    return fields.integer(value, "created")


def _retrieve(call: Call) -> Object:
    fields.apply(call.params, {})
    event = demand(call.shelf, "event", call.ids[0])
    if event["created"] < call.now - _KEPT_SECONDS:
        raise no_such("event", call.ids[0])
    return event


ROUTES = (Route("GET", "/v1/events", _list), Route("GET", "/v1/events/{}", _retrieve))
