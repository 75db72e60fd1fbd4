"""What must hold of the blueprints as they stand in git, each rule by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tests.authentik import core as model
from tests.authentik.compose import identity_environment, listed_variables
from tests.authentik.core import NULLABLE
from tests.authentik.documents import META, Blueprint, Entry, Tag, tags

type Reading = Callable[[list[Blueprint]], Iterator[str]]
READINGS: dict[str, Reading] = {}


def reading(name: str) -> Callable[[Reading], Reading]:
    """Register a rule under its name."""
    return lambda function: READINGS.setdefault(name, function)


@reading("version")
def _version(blueprints: list[Blueprint]) -> Iterator[str]:
    for blueprint in blueprints:
        if blueprint.version != 1:
            yield f"{blueprint.file}: authentik passes over version {blueprint.version}"
        yield from (f"{blueprint.file}: authentik does not read {key}" for key in blueprint.unread)


@reading("env is set")
def _env(blueprints: list[Blueprint]) -> Iterator[str]:
    set_, listed = identity_environment(), listed_variables()
    for blueprint, _, tag, _ in _tags(blueprints, "Env"):
        name = tag.arguments[0]
        if name not in set_:
            yield f"{blueprint.file}: deploy/compose.yaml does not give {name} to authentik"
            continue
        if len(tag.arguments) == 1 and not all(wanted.endswith(":?") for wanted in _asked(set_[name])):
            yield f"{blueprint.file}: deploy/compose.yaml starts without {name}"
        if unlisted := {wanted.rstrip(":?-") for wanted in _asked(set_[name])} - listed:
            yield f"{blueprint.file}: deploy/.env.example does not list {unlisted}"


def _asked(value: str) -> list[str]:
    """Return the variables of a value in the compose file; `:?` follows those that it does not start without."""
    return re.findall(r"\$\{([A-Z_]+(?::[?-])?)", value)


@reading("env in a format is guarded")
def _format(blueprints: list[Blueprint]) -> Iterator[str]:
    """A variable that is missing is the word None inside a !Format; standing alone it is null, which fails the file."""
    for blueprint in blueprints:
        bare: set[str] = set()
        for entry in blueprint.entries:
            for field, value in {**entry.identifiers, **entry.attrs}.items():
                is_bare = isinstance(value, Tag) and value.name == "Env" and len(value.arguments) == 1
                if is_bare and field not in NULLABLE.get(entry.model, frozenset()):
                    bare.add(value.arguments[0])
        formatted = {tag.arguments[0] for _, _, tag, inside in _tags([blueprint], "Env") if "Format" in inside}
        yield from (f"{blueprint.file}: {name} stands in formats alone" for name in sorted(formatted - bare))


@reading("secrets come from the environment")
def _secrets(blueprints: list[Blueprint]) -> Iterator[str]:
    for blueprint in blueprints:
        for entry in blueprint.entries:
            for field in ("client_secret", "key", "password"):
                value = entry.attrs.get(field)
                if value is not None and not (isinstance(value, Tag) and value.name == "Env"):
                    yield f"{blueprint.file}: {entry.words}: {field} stands in git"


@reading("key of an earlier entry")
def _key_of(blueprints: list[Blueprint]) -> Iterator[str]:
    for blueprint in blueprints:
        earlier: set[str] = set()
        for entry in blueprint.entries:
            for tag, _ in [*tags(entry.identifiers), *tags(entry.attrs)]:
                if tag.name == "KeyOf" and tag.arguments[0] not in earlier:
                    yield f"{blueprint.file}: {entry.words}: !KeyOf {tag.arguments[0]} comes before its entry"
            if entry.id in earlier:
                yield f"{blueprint.file}: there are two entries {entry.id}"
            if entry.id:
                earlier.add(entry.id)


@reading("find is loud")
def _find_loud(blueprints: list[Blueprint]) -> Iterator[str]:
    """A !Find that finds nothing is null: it may stand only where null is refused."""
    for blueprint in blueprints:
        for entry in blueprint.entries:
            for field, value in {**entry.identifiers, **entry.attrs}.items():
                is_find = isinstance(value, Tag) and value.name == "Find"
                if is_find and field in NULLABLE.get(entry.model, frozenset()):
                    yield f"{blueprint.file}: {entry.words}: {field} would be empty without a word"


@reading("find has a source")
def _find_source(blueprints: list[Blueprint]) -> Iterator[str]:
    """What a !Find looks for is made by a blueprint that the same file has applied before."""
    makers = [*model.shipped(), *blueprints]
    for blueprint in blueprints:
        applied: list[Entry] = []
        for entry in blueprint.entries:
            if entry.model == META:
                wanted = entry.attrs["identifiers"]["name"]
                applied += [made for maker in makers if maker.name == wanted for made in maker.entries]
            for tag, _ in [*tags(entry.identifiers), *tags(entry.attrs)]:
                if tag.name == "Find" and not any(_makes(made, tag) for made in applied):
                    yield f"{blueprint.file}: {entry.words}: nothing before makes {tag.arguments}"


def _makes(entry: Entry, find: Tag) -> bool:
    wanted, *conditions = find.arguments
    fields = {**entry.identifiers, **entry.attrs}
    return entry.model == wanted and all(fields.get(name) == value for name, value in conditions)


def _tags(blueprints: list[Blueprint], name: str) -> Iterator[tuple[Blueprint, Entry, Tag, tuple[str, ...]]]:
    for blueprint in blueprints:
        for entry in blueprint.entries:
            for tag, inside in [*tags(entry.identifiers), *tags(entry.attrs)]:
                if tag.name == name:
                    yield blueprint, entry, tag, inside
