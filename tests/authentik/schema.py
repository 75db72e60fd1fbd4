"""Checks the fields of an entry against authentik's own schema, reduced; see data/README.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

SCHEMA = Path(__file__).with_name("data") / "blueprint-schema.json"


class Schema:
    """What authentik takes for each model."""

    def __init__(self) -> None:
        self._models: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))["models"]

    def problems(self, model: str, fields: Mapping[str, Any], *, nullable: frozenset[str] = frozenset()) -> list[str]:
        """Return what is wrong with the fields of one entry, its tags looked up.

        A field that the schema does not know is wrong too: authentik drops it without a word. `nullable` may be
        null: the schema does not say which fields may, the API does.
        """
        if model not in self._models:
            return [f"{model} is no model that the schema knows"]
        schema = self._models[model]
        unknown = [f"{model}.{name} is unknown" for name in fields if name not in schema["properties"]]
        given = {name: value for name, value in fields.items() if not (value is None and name in nullable)}
        errors = Draft7Validator(schema).iter_errors(given)
        return unknown + [
            f"{model}.{'.'.join(map(str, error.absolute_path))}: {error.message[:100]}" for error in errors
        ]
