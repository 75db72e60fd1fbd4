"""The four calls that every resource has: create, retrieve, update, list."""

from __future__ import annotations

import re
from typing import Any

from devstack.payments import fields
from devstack.payments.errors import invalid, no_such, no_such_route
from devstack.payments.resources import RESOURCES, Object, Resource
from devstack.payments.store import Shelf

_MAX_LIMIT = 100
_ROUTE = re.compile(r"/v1/([a-z_]+)(?:/([A-Za-z0-9_.-]{1,255}))?")


def call(shelf: Shelf, method: str, path: str, params: dict[str, Any]) -> Object:
    """Carry out one call and return its JSON object.

    Raises:
        StripeError: there is no such route or object, or a parameter is wrong.
    """
    found = _ROUTE.fullmatch(path)
    resource = RESOURCES.get(found[1]) if found else None
    if found is None or resource is None:
        raise no_such_route(method, path)
    params = dict(params)
    expand = fields.strings(params.pop("expand", []), "expand")
    identifier = found[2]
    if method == "GET" and identifier:
        fields.apply(params, {})
        return _expand(shelf, resource, _demand(shelf, resource, identifier), expand)
    if method == "GET":
        return _list(shelf, resource, params, expand)
    if method == "POST" and identifier:
        return _expand(shelf, resource, _update(shelf, resource, identifier, params), expand)
    if method == "POST":
        return _expand(shelf, resource, create(shelf, resource, params), expand)
    raise no_such_route(method, path)


def create(shelf: Shelf, resource: Resource, params: dict[str, Any], identifier: str | None = None) -> Object:
    """Make a new object from undecoded parameters; products alone may name their id."""
    read = fields.apply(params, resource.create)
    if "metadata" in read:
        read["metadata"] = fields.merge_metadata({}, read["metadata"])
    identifier = identifier or read.pop("id", None) or resource.new_id()
    content = {"id": identifier, **resource.build(shelf, read)}
    if not shelf.add(content):
        raise invalid("id", f"{resource.kind.title()} already exists.", "resource_already_exists")
    return content


def _update(shelf: Shelf, resource: Resource, identifier: str, params: dict[str, Any]) -> Object:
    old = _demand(shelf, resource, identifier, for_update=True)
    given = fields.apply(params, resource.update)
    if "metadata" in given:
        given["metadata"] = fields.merge_metadata(old["metadata"], given["metadata"])
    resource.change(shelf, old, given)
    content = {**old, **given}
    shelf.replace(content)
    return content


def _list(shelf: Shelf, resource: Resource, params: dict[str, Any], expand: list[str]) -> Object:
    paging = {
        "limit": fields.integer,
        "starting_after": fields.required_text,
        "ending_before": fields.required_text,
    }
    read = fields.apply(params, {**resource.filters, **paging})
    limit = read.pop("limit", 10)
    if not 1 <= limit <= _MAX_LIMIT:
        raise invalid("limit", f"This value must be between 1 and {_MAX_LIMIT} (it currently is '{limit}').")
    after, before = read.pop("starting_after", None), read.pop("ending_before", None)
    if after and before:
        raise invalid("ending_before", "You may only specify one of these parameters: starting_after, ending_before.")
    for param, edge in (("starting_after", after), ("ending_before", before)):
        if edge and shelf.get(resource.kind, edge) is None:
            raise no_such(resource.kind, edge, param)
    keys = read.pop("lookup_keys", None)
    if keys is None:
        data, has_more = shelf.page(resource.kind, read, after=after, before=before, limit=limit)
    else:
        # A lookup key belongs to one price at most, so this never fills more than a page.
        pages = [
            shelf.page(resource.kind, {**read, "lookup_key": key}, after=None, before=None, limit=1) for key in keys
        ]
        data, has_more = [each for page, _ in pages for each in page][:limit], False
    inner = [name.removeprefix("data.") for name in expand]
    return {
        "object": "list",
        "data": [_expand(shelf, resource, content, inner) for content in data],
        "has_more": has_more,
        "url": f"/v1/{resource.path}",
    }


def _demand(shelf: Shelf, resource: Resource, identifier: str, *, for_update: bool = False) -> Object:
    content = shelf.get(resource.kind, identifier, for_update=for_update)
    if content is None:
        raise no_such(resource.kind, identifier)
    return content


def _expand(shelf: Shelf, resource: Resource, content: Object, names: list[str]) -> Object:
    content = dict(content)
    for name in names:
        if name not in resource.expandable:
            raise invalid("expand", f"This property cannot be expanded ({name}).")
        if content.get(name):
            content[name] = shelf.get(resource.expandable[name], content[name])
    return content
