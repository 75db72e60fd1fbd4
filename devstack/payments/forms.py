"""Stripe's form encoding: `metadata[plan]=starter`, `items[0][price]=…`, `expand[]=product`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from devstack.payments.errors import StripeError, invalid

_MAX_FIELDS = 1000
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def decode(encoded: str) -> dict[str, Any]:
    """Return the nested parameters of a form body or query; every leaf is a string.

    `a[]` appends to a list; `a[0]`, `a[1]` make a list in the order of their numbers; `a[b]` makes a mapping.

    Raises:
        StripeError: a name is not well formed, or two contradict each other.
    """
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError as error:
        message = "Invalid request: the parameters could not be decoded."
        raise StripeError(message) from error
    tree: dict[str, Any] = {}
    for name, value in pairs:
        found = _NAME.fullmatch(name)
        if found is None:
            raise invalid(name, f"Invalid parameter name: {name}")
        keys = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])]
        _put(tree, keys, value, name)
    return {key: _listed(value) for key, value in tree.items()}


def _put(node: dict[str, Any], keys: list[str], value: str, name: str) -> None:
    for key in keys[:-1]:
        step = node.setdefault(_key(node, key), {})
        if not isinstance(step, dict):
            raise invalid(name, f"Invalid parameter: {name} is given both as a value and as a group")
        node = step
    key = _key(node, keys[-1])
    if isinstance(node.get(key), dict):
        raise invalid(name, f"Invalid parameter: {name} is given both as a value and as a group")
    node[key] = value


def _key(node: dict[str, Any], key: str) -> str:
    """Return the key, a running number for the empty one of `a[]`."""
    return key or str(len(node))


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    tree = {key: _listed(value) for key, value in node.items()}
    if tree and all(key.isdecimal() for key in tree):
        return [tree[key] for key in sorted(tree, key=int)]
    return tree
