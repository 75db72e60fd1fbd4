"""Stripe's own description of its API, reduced to our routes: what requests and answers must look like."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.contract.form_check import form_problems

_DESCRIPTION: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "stripe-schemas.json").read_text())
VERSION: str = _DESCRIPTION["version"]
_MOST_PROBLEMS = 5


def route_of(method: str, path: str) -> str | None:
    """Return the described route of a request, such as `GET /v1/customers/{}`; None if Stripe has none of ours."""
    found = [name for name in _DESCRIPTION["routes"] if _pattern(name).fullmatch(f"{method} {path}")]
    return min(found, key=lambda name: name.count("{}"), default=None)


def request_problems(route: str, params: dict[str, Any]) -> list[str]:
    """Return what is wrong with a request's decoded parameters, each with its place."""
    return form_problems(params, _DESCRIPTION["routes"][route]["request"])


def response_problems(route: str, content: object) -> list[str]:
    """Return what is wrong with the answer of a route, each with its place; what it does not name is wrong too."""
    return [*_found(_of_route(route), content), *_of_events(content)]


def object_problems(name: str, content: object) -> list[str]:
    """Return what is wrong with an object, by the name of its schema."""
    return _found(_of_schema(name), content)


def _of_events(content: object) -> list[str]:
    """Look into events too: the description leaves open what their object is."""
    if not isinstance(content, dict):
        return []
    if content.get("object") == "list":
        return [problem for each in content["data"] for problem in _of_events(each)]
    if content.get("object") != "event":
        return []
    about = content["data"]["object"]
    name = f"deleted_{about['object']}" if about.get("deleted") else about["object"]
    return [f"{content['type']}: {problem}" for problem in object_problems(name, about)]


def _found(validator: jsonschema_rs.Validator, content: object) -> list[str]:
    problems = []
    for error in validator.iter_errors(content):
        problems.append(f"{'/'.join(str(step) for step in error.instance_path)}: {error.message[:300]}")
        if len(problems) == _MOST_PROBLEMS:
            break
    return problems


@cache
def _pattern(route: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(re.escape(part) for part in route.split("{}")))


@cache
def _of_route(route: str) -> jsonschema_rs.Validator:
    return _validator(_DESCRIPTION["routes"][route]["response"])


@cache
def _of_schema(name: str) -> jsonschema_rs.Validator:
    return _validator({"$ref": f"#/$defs/{name}"})


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator({**schema, "$defs": _DESCRIPTION["$defs"]}, validate_formats=False)
