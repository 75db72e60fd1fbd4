"""Checks the fields of an entry against authentik's own schema, reduced; see data/README.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

SCHEMA = Path(__file__).with_name("data") / "blueprint-schema.json"


@cache
def _validators() -> dict[str, Any]:
    models = json.loads(SCHEMA.read_text(encoding="utf-8"))["models"]
    return {model: Draft7Validator(schema) for model, schema in models.items()}


def problems(model: str, fields: Mapping[str, Any], *, nullable: frozenset[str] = frozenset()) -> list[str]:
    """Return what is wrong with the fields of one entry, its tags looked up.

    A field that the schema does not know is wrong too: authentik drops it without a word. `nullable` may be null: the
    schema does not say which fields may, the API does.
    """
    validator = _validators().get(model)
    if validator is None:
        return [f"{model} is no model that the schema knows"]
    unknown = [f"{model}.{name} is unknown" for name in fields if name not in validator.schema["properties"]]
    given = {name: value for name, value in fields.items() if not (value is None and name in nullable)}
    said = [
        f"{model}.{'.'.join(map(str, error.absolute_path))}: {error.message[:100]}"
        for error in validator.iter_errors(given)
    ]
    return unknown + said
