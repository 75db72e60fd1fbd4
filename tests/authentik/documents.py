"""Blueprints as they stand in git: entries, with authentik's tags kept as what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

FOLDER = Path(settings.OPERATOR_BLUEPRINT).parent
# The order in which deploy/compose.yaml applies them.
ORDER = ("groups", "scopes", "dezky-portal", "operator-application", "gate-monitor")
META = "authentik_blueprints.metaapplyblueprint"


@dataclass(frozen=True)
class Tag:
    """A value that authentik looks up: `!Env NAME` is `Tag("Env", ("NAME",))`."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Entry:
    """One entry; `state` is what authentik takes if the file says nothing."""

    model: str
    state: str
    id: str | None
    identifiers: Mapping[str, Any]
    attrs: Mapping[str, Any]

    @property
    def words(self) -> str:
        """Return what a failure calls it."""
        return f"{self.model.rpartition('.')[2]} {self.id or dict(self.identifiers)} ({self.state})"


@dataclass(frozen=True)
class Blueprint:
    """One file; `unread` are keys that authentik's importer does not know."""

    file: str
    name: str
    version: int
    entries: tuple[Entry, ...]
    unread: tuple[str, ...] = field(default=())


class _Loader(yaml.SafeLoader):
    """Keeps tags."""


def _keep(loader: _Loader, tag: str, node: yaml.Node) -> Tag:
    if isinstance(node, yaml.ScalarNode):
        return Tag(tag, (node.value,))
    if isinstance(node, yaml.SequenceNode):
        return Tag(tag, tuple(loader.construct_sequence(node, deep=True)))
    raise yaml.YAMLError(f"!{tag} is neither a word nor a list")


_Loader.add_multi_constructor("!", _keep)


def sources() -> dict[str, str]:
    """Return the text of every blueprint by the name of its file, in the order in which they are applied."""
    return {name: (FOLDER / f"{name}.yaml").read_text(encoding="utf-8") for name in ORDER}


def read(file: str, text: str) -> Blueprint:
    """Return a blueprint; raises `yaml.YAMLError` or `KeyError` where authentik could not read it either."""
    document = yaml.load(text, _Loader)  # a safe loader's child
    known = {"model", "state", "id", "identifiers", "attrs"}
    entries = document["entries"]
    return Blueprint(
        file=file,
        name=document["metadata"]["name"],
        version=document["version"],
        entries=tuple(
            Entry(
                model=entry["model"],
                state=entry.get("state", "present"),
                id=entry.get("id"),
                identifiers=entry.get("identifiers") or {},
                attrs=entry.get("attrs") or {},
            )
            for entry in entries
        ),
        unread=tuple(key for entry in entries for key in entry if key not in known),
    )


def read_all(texts: Mapping[str, str] | None = None) -> list[Blueprint]:
    """Return every blueprint, in the order in which they are applied."""
    return [read(file, text) for file, text in (texts or sources()).items()]


def tags(value: Any, *, inside: tuple[str, ...] = ()) -> Iterator[tuple[Tag, tuple[str, ...]]]:
    """Yield every tag in a value, with the names of the tags around it."""
    if isinstance(value, Tag):
        yield value, inside
        yield from tags(value.arguments, inside=(*inside, value.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tags(item, inside=inside)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tags(item, inside=inside)
