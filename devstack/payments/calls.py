"""The four calls that plain resources have: create, retrieve, update, list."""

from __future__ import annotations

from typing import Any

from devstack.payments import events, fields
from devstack.payments.errors import invalid
from devstack.payments.listing import listed
from devstack.payments.objects import Object, demand
from devstack.payments.resources import Resource
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf


def routes_of(resource: Resource) -> tuple[Route, ...]:
    """Return the four routes of a resource."""
    one = f"/v1/{resource.path}/{{}}"

    def create_one(call: Call) -> Object:
        content = create(call.shelf, resource, call.params)
        events.emit(call.shelf, f"{resource.kind}.created", content)
        return content

    def retrieve_one(call: Call) -> Object:
        fields.apply(call.params, {})
        return demand(call.shelf, resource.kind, call.ids[0])

    def update_one(call: Call) -> Object:
        return update(call.shelf, resource, call.ids[0], call.params)

    def list_all(call: Call) -> Object:
        return listed(call, resource.kind, resource.filters, any_of=resource.any_of)

    return (
        Route("POST", f"/v1/{resource.path}", create_one),
        Route("GET", f"/v1/{resource.path}", list_all),
        Route("GET", one, retrieve_one),
        Route("POST", one, update_one),
    )


def create(shelf: Shelf, resource: Resource, params: dict[str, Any], identifier: str | None = None) -> Object:
    """Make a new object from undecoded parameters, without an event; products alone may name their id."""
    read = fields.apply(params, resource.create)
    if "metadata" in read:
        read["metadata"] = fields.merge_metadata({}, read["metadata"])
    identifier = identifier or read.pop("id", None) or resource.new_id()
    content = {"id": identifier, **resource.build(shelf, read)}
    if not shelf.add(content):
        raise invalid("id", f"{resource.kind.title()} already exists.", "resource_already_exists")
    return content


def update(shelf: Shelf, resource: Resource, identifier: str, params: dict[str, Any]) -> Object:
    """Change an object by undecoded parameters; an event tells of it if anything is different."""
    old = demand(shelf, resource.kind, identifier, for_update=True)
    given = fields.apply(params, resource.update)
    if "metadata" in given:
        given["metadata"] = fields.merge_metadata(old["metadata"], given["metadata"])
    changed = dict(old)
    resource.change(shelf, changed, given)
    content = {**changed, **given}
    previous = events.changes(old, content)
    if previous:
        shelf.replace(content)
        events.emit(shelf, f"{resource.kind}.updated", content, previous=previous)
    return content
