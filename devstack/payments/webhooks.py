"""Webhook endpoints: where events are sent, and the secrets that sign them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from devstack.payments import API_VERSION, fields
from devstack.payments.errors import invalid
from devstack.payments.fields import Reader
from devstack.payments.listing import listed
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.resources import as_given
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf

SEEDED_ID = "we_Dezky"
_MOST_SECRETS = 2


@dataclass(frozen=True)
class Seeded:
    """The endpoint that is there from the start; two secrets are a rotation under way."""

    url: str
    secrets: tuple[str, ...]


def seed(shelf: Shelf, seeded: Seeded) -> None:
    """Make the endpoint, or give it this address and these secrets."""
    content = _built(SEEDED_ID, seeded.url, ["*"], shelf.now)
    if not shelf.add(content):
        shelf.replace(content)
    shelf.connection.execute("DELETE FROM payments_standin.endpoint_secrets WHERE endpoint_id = %s", [SEEDED_ID])
    # The first is the one that is valid longest: signatures list the newest first.
    for secret in reversed(seeded.secrets):
        _add_secret(shelf, SEEDED_ID, secret)


def secrets_of(shelf: Shelf, endpoint_id: str) -> list[str]:
    """Return the secrets that sign what an endpoint gets, the newest first: one, or two during a rotation."""
    rows = shelf.connection.execute(
        "SELECT secret FROM payments_standin.endpoint_secrets WHERE endpoint_id = %s ORDER BY position DESC LIMIT %s",
        [endpoint_id, _MOST_SECRETS],
    ).fetchall()
    return [row[0] for row in rows]


def rotate_secret(shelf: Shelf, secret: str) -> None:
    """Sign with a new secret too, everywhere; the one before it stays valid."""
    for endpoint in shelf.all("webhook_endpoint"):
        _add_secret(shelf, endpoint["id"], secret)


def end_rotation(shelf: Shelf) -> None:
    """Sign with the newest secret alone."""
    shelf.connection.execute(
        "DELETE FROM payments_standin.endpoint_secrets AS old WHERE EXISTS (SELECT FROM"
        " payments_standin.endpoint_secrets AS new WHERE new.endpoint_id = old.endpoint_id"
        " AND new.position > old.position)"
    )


def _add_secret(shelf: Shelf, endpoint_id: str, secret: str) -> None:
    shelf.connection.execute(
        "INSERT INTO payments_standin.endpoint_secrets (endpoint_id, secret) VALUES (%s, %s)", [endpoint_id, secret]
    )


def _built(identifier: str, url: str, kinds: list[str], now: int) -> Object:
    return {
        "id": identifier,
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": now,
        "description": None,
        "enabled_events": kinds,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
    }


_FIELDS: dict[str, Reader] = {
    "description": fields.text,
    "enabled_events": fields.strings,
    "metadata": as_given,
    "url": fields.required_text,
}


def _create(call: Call) -> Object:
    readers = {**_FIELDS, "api_version": fields.one_of(API_VERSION)}
    given = fields.apply(call.params, readers)
    fields.demand(given, "enabled_events", "url")
    if urlsplit(given["url"]).scheme not in {"http", "https"}:
        raise invalid("url", "Invalid URL: An explicit scheme (such as https) must be provided.", "url_invalid")
    content = _built(new_id("we", 24), given["url"], given["enabled_events"], call.now)
    content["description"] = given.get("description")
    content["metadata"] = fields.merge_metadata({}, given.get("metadata", {}))
    secret = f"whsec_{secrets.token_hex(24)}"
    call.shelf.add(content)
    _add_secret(call.shelf, content["id"], secret)
    return {**content, "secret": secret}


def _update(call: Call) -> Object:
    content = demand(call.shelf, "webhook_endpoint", call.ids[0], for_update=True)
    given = fields.apply(call.params, {**_FIELDS, "disabled": fields.boolean})
    if "disabled" in given:
        given["status"] = "disabled" if given.pop("disabled") else "enabled"
    if "metadata" in given:
        given["metadata"] = fields.merge_metadata(content["metadata"], given["metadata"])
    content |= given
    call.shelf.replace(content)
    return content


def _retrieve(call: Call) -> Object:
    fields.apply(call.params, {})
    return demand(call.shelf, "webhook_endpoint", call.ids[0])


def _delete(call: Call) -> Object:
    content = demand(call.shelf, "webhook_endpoint", call.ids[0], for_update=True)
    call.shelf.remove(content["id"])
    call.shelf.connection.execute(
        "DELETE FROM payments_standin.endpoint_secrets WHERE endpoint_id = %s", [content["id"]]
    )
    call.shelf.connection.execute("DELETE FROM payments_standin.deliveries WHERE endpoint_id = %s", [content["id"]])
    return {"id": content["id"], "object": "webhook_endpoint", "deleted": True}


def _list(call: Call) -> Object:
    return listed(call, "webhook_endpoint", {})


ROUTES = (
    Route("POST", "/v1/webhook_endpoints", _create),
    Route("GET", "/v1/webhook_endpoints", _list),
    Route("GET", "/v1/webhook_endpoints/{}", _retrieve),
    Route("POST", "/v1/webhook_endpoints/{}", _update),
    Route("DELETE", "/v1/webhook_endpoints/{}", _delete),
)
