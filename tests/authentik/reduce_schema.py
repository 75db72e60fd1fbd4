"""Reduces authentik's blueprint schema to the models that our blueprints speak; see data/README.md.

`.venv/bin/python -m tests.authentik.reduce_schema SCHEMA.json VERSION`, with the file `blueprints/schema.json` of
that release of authentik.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.authentik.documents import read_all
from tests.authentik.schema import SCHEMA


def reduce(schema: dict[str, Any], models: set[str]) -> dict[str, Any]:
    """Return what `attrs` may hold for each model: no words for people, and of permissions those to view alone."""
    entries = {entry["properties"]["model"]["const"]: entry for entry in schema["$defs"]["blueprint_entry"]["oneOf"]}
    reduced: dict[str, Any] = {}
    for model in sorted(models):
        attrs = entries[model]["properties"]["attrs"]["$ref"].rpartition("/")[2]
        reduced[model] = _bare(schema["$defs"][attrs])
    return reduced


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        views = [item for item in value if isinstance(item, str) and ".view_" in item]
        return views or [_bare(item) for item in value]
    if isinstance(value, dict):
        fields = value.get("properties")
        bare = {key: _bare(item) for key, item in value.items() if key not in {"title", "description", "properties"}}
        if isinstance(fields, dict):
            bare["properties"] = {name: _bare(field) for name, field in fields.items()}
        return bare
    return value


def main() -> None:
    """Write the reduced schema over the one in data/."""
    source, version = sys.argv[1:]
    models = {entry.model for blueprint in read_all() for entry in blueprint.entries}
    document = {
        "note": f"authentik {version}, blueprints/schema.json, reduced by tests/authentik/reduce_schema.py",
        "version": version,
        "models": reduce(json.loads(Path(source).read_text(encoding="utf-8")), models),
    }
    SCHEMA.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
