"""Checks form parameters, whose leaves are all strings, against a schema with types."""

from __future__ import annotations

import re
from typing import Any

_SHAPES = {
    "integer": re.compile(r"-?\d+"),
    "number": re.compile(r"-?\d+(\.\d+)?([eE]-?\d+)?"),
    "boolean": re.compile(r"true|false"),
}


def form_problems(value: Any, schema: Any, at: str = "params") -> list[str]:
    """Return what is wrong with decoded parameters, each with its place; nothing if they fit."""
    if schema is False:
        return [f"{at}: is not allowed"]
    if "anyOf" in schema:
        tried = [form_problems(value, option, at) for option in schema["anyOf"]]
        return [] if any(not found for found in tried) else min(tried, key=len)
    kind = schema.get("type")
    if kind == "object":
        return _object_problems(value, schema, at)
    if kind == "array":
        return _array_problems(value, schema, at)
    if not isinstance(value, str):
        return [f"{at}: {value!r} is no {kind}"]
    if kind in _SHAPES and not _SHAPES[kind].fullmatch(value):
        return [f"{at}: {value!r} is no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {schema['enum'][:20]}"]
    return []


def _array_problems(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{at}: {value!r} is no list"]
    items = schema.get("items", {})
    return [each for index, item in enumerate(value) for each in form_problems(item, items, f"{at}[{index}]")]


def _object_problems(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    if isinstance(value, list) and not schema.get("properties"):
        value = {str(index): each for index, each in enumerate(value)}
    if not isinstance(value, dict):
        return [f"{at}: {value!r} is no object"]
    found = [f"{at}[{name}]: is missing" for name in schema.get("required", []) if name not in value]
    known = schema.get("properties", {})
    extra = schema.get("additionalProperties", False)
    for name, each in value.items():
        if name in known:
            found += form_problems(each, known[name], f"{at}[{name}]")
        elif isinstance(extra, dict):
            found += form_problems(each, extra, f"{at}[{name}]")
        elif extra is not True:
            found.append(f"{at}[{name}]: is unknown")
    return found
