"""Checks a JSON value against a schema of an OpenAPI 3.0 description, as far as Stripe's uses it."""

from __future__ import annotations

from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def problems(value: object, schema: dict[str, Any], schemas: dict[str, Any], at: str = "$") -> list[str]:
    """Return what is wrong with a value, each with its place; nothing if it fits.

    A field that the schema does not know is wrong too: Stripe would never send it.
    """
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return problems(value, schemas[name], schemas, at) if name in schemas else []
    if value is None:
        return [] if schema.get("nullable") else [f"{at}: null is not allowed"]
    if "anyOf" in schema:
        tried = [problems(value, option, schemas, at) for option in schema["anyOf"]]
        return [] if any(not found for found in tried) else tried[0]
    kind = schema.get("type", "object")
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [f"{at}: {value!r} is no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {schema['enum']}"]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [each for index, item in enumerate(value) for each in problems(item, items, schemas, f"{at}[{index}]")]
    if isinstance(value, dict):
        return _of_object(value, schema, schemas, at)
    return []


def _of_object(value: dict[str, Any], schema: dict[str, Any], schemas: dict[str, Any], at: str) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{at}.{name}: is missing" for name in schema.get("required", []) if name not in value]
    extra = schema.get("additionalProperties", False)
    for name, each in value.items():
        if name in known:
            found += problems(each, known[name], schemas, f"{at}.{name}")
        elif isinstance(extra, dict):
            found += problems(each, extra, schemas, f"{at}.{name}")
        elif known:
            found.append(f"{at}.{name}: is unknown")
    return found
