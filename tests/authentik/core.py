"""A small model of how authentik applies a blueprint, as far as ours go.

Written after what was measured on authentik 2025.12.4 (docs/AUTHENTIK-SETUP.md, pitfalls) and after its importer:
entries one after the other, all or nothing; identifiers find the row; `created` leaves a row alone, but its fields
are looked up all the same; `present` writes what it names; a tag that finds nothing is null, which most fields
refuse and a few take without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.authentik.documents import META, Blueprint, Entry, Tag
from tests.authentik.schema import problems

FLOW, SCOPE, CERTIFICATE, PROVIDER, APPLICATION, USER, POLICY, BINDING, STAGE_BINDING, ROLE = (
    "authentik_flows.flow",
    "authentik_providers_oauth2.scopemapping",
    "authentik_crypto.certificatekeypair",
    "authentik_providers_oauth2.oauth2provider",
    "authentik_core.application",
    "authentik_core.user",
    "authentik_policies_expression.expressionpolicy",
    "authentik_policies.policybinding",
    "authentik_flows.flowstagebinding",
    "authentik_rbac.role",
)
# What a blueprint only ever adds to.
ADDED: Mapping[str, frozenset[str]] = {ROLE: frozenset({"permissions"})}
# Foreign keys that may be empty: a lookup that finds nothing empties them without a word.
NULLABLE: Mapping[str, frozenset[str]] = {
    PROVIDER: frozenset({"signing_key", "encryption_key", "authentication_flow"}),
    APPLICATION: frozenset({"provider"}),
    BINDING: frozenset({"policy", "group", "user"}),
    USER: frozenset({"password"}),
    "authentik_stages_password.passwordstage": frozenset({"configure_flow"}),
    "authentik_stages_redirect.redirectstage": frozenset({"target_flow"}),
    "authentik_stages_identification.identificationstage": frozenset({"password_stage", "enrollment_flow"}),
}
# What a new row can't do without.
REQUIRED: Mapping[str, frozenset[str]] = {
    PROVIDER: frozenset({"name", "authorization_flow", "invalidation_flow", "redirect_uris"}),
    APPLICATION: frozenset({"name", "slug"}),
    CERTIFICATE: frozenset({"name", "certificate_data"}),
    FLOW: frozenset({"name", "slug", "title", "designation"}),
    SCOPE: frozenset({"name", "scope_name", "expression"}),
    BINDING: frozenset({"target", "order"}),
    STAGE_BINDING: frozenset({"target", "stage", "order"}),
    "authentik_core.token": frozenset({"identifier", "user", "intent"}),
    "authentik_stages_redirect.redirectstage": frozenset({"name", "mode"}),
}
UNIQUE: Mapping[str, tuple[str, ...]] = {
    PROVIDER: ("client_id", "name"),
    APPLICATION: ("slug", "provider"),
    FLOW: ("slug",),
    USER: ("username",),
    CERTIFICATE: ("name",),
}
# What a new row is where nothing else is said.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    PROVIDER: {"client_type": "confidential", "sub_mode": "hashed_user_id", "signing_key": None},
    APPLICATION: {"policy_engine_mode": "any"},
    BINDING: {"enabled": True, "negate": False, "failure_result": False},
}


class NotApplied(Exception):
    """The file failed as a whole, and nothing of it is there."""


@dataclass
class Core:
    """An authentik: its rows by model, and the blueprints that it knows by name."""

    environment: Mapping[str, str]
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    known: dict[str, Blueprint] = field(default_factory=dict)
    is_made_by_hand: bool = False

    def apply(self, blueprint: Blueprint) -> None:
        """Apply a file, all of it or nothing.

        Raises:
            NotApplied: an entry failed; the message names it.
        """
        before = deepcopy(self.rows)
        try:
            _Application(self, blueprint).run()
        except NotApplied:
            self.rows = before
            raise

    def all(self, model: str, **conditions: Any) -> list[dict[str, Any]]:
        """Return the rows that fit."""
        rows = self.rows.get(model, [])
        return [row for row in rows if all(row.get(name) == value for name, value in conditions.items())]

    def one(self, model: str, **conditions: Any) -> dict[str, Any]:
        """Return the only row that fits; raises `LookupError` if it is not the only one."""
        rows = self.all(model, **conditions)
        if len(rows) != 1:
            raise LookupError(f"there are {len(rows)} rows {model} with {conditions}")
        return rows[0]

    def add(self, model: str, **fields: Any) -> dict[str, Any]:
        """Add a row, as somebody with a mouse would."""
        number = sum(map(len, self.rows.values())) + 1
        pk = number if model in {PROVIDER, USER} else str(uuid5(NAMESPACE_URL, f"{model}/{number}"))
        row = {**DEFAULTS.get(model, {}), **fields, "pk": pk}
        self.rows.setdefault(model, []).append(row)
        return row


class _Application:
    """One run of one file."""

    def __init__(self, core: Core, blueprint: Blueprint) -> None:
        self._core = core
        self._blueprint = blueprint
        self._by_id: dict[str, Any] = {}

    def run(self) -> None:
        for entry in self._blueprint.entries:
            if entry.model == META:
                self._apply_another(entry)
            else:
                pk = self._apply_entry(entry)
                if entry.id:
                    self._by_id[entry.id] = pk

    def _apply_another(self, entry: Entry) -> None:
        wanted = entry.attrs["identifiers"]["name"]
        other = self._core.known.get(wanted)
        if other is not None:
            # authentik does not look at what came of it.
            try:
                self._core.apply(other)
            except NotApplied:
                return
        elif entry.attrs.get("required", True):
            raise NotApplied(f"{self._blueprint.file}: there is no blueprint {wanted}")

    def _apply_entry(self, entry: Entry) -> Any:
        identifiers = {name: self._look_up(value, entry) for name, value in entry.identifiers.items()}
        fields = {**{name: self._look_up(value, entry) for name, value in entry.attrs.items()}, **identifiers}
        found = self._core.all(entry.model, **identifiers)
        row = found[0] if found else None
        self._check(entry, fields, row)
        if row is None:
            return self._core.add(entry.model, **fields)["pk"]
        if entry.state == "present":
            added = {name: sorted({*row[name], *fields[name]}) for name in ADDED.get(entry.model, ())}
            row.update({**fields, **added})
        return row["pk"]

    def _check(self, entry: Entry, fields: Mapping[str, Any], row: dict[str, Any] | None) -> None:
        wrong = problems(entry.model, fields, nullable=NULLABLE.get(entry.model, frozenset()))
        if row is None:
            wrong += [f"{name} is missing" for name in sorted(REQUIRED.get(entry.model, frozenset()) - set(fields))]
        for name in UNIQUE.get(entry.model, ()):
            others = [other for other in self._core.all(entry.model) if other is not row]
            if name in fields and any(other.get(name) == fields[name] for other in others):
                wrong.append(f"{name} is taken")
        if wrong:
            raise NotApplied(f"{self._blueprint.file}: {entry.words}: {'; '.join(wrong)}")

    def _look_up(self, value: Any, entry: Entry) -> Any:
        if isinstance(value, Tag):
            return self._look_up_tag(value, entry)
        if isinstance(value, Mapping):
            return {name: self._look_up(item, entry) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._look_up(item, entry) for item in value]
        return value

    def _look_up_tag(self, tag: Tag, entry: Entry) -> Any:
        match tag.name, tag.arguments:
            case "Env", (name, *default):
                return self._core.environment.get(name) or (default[0] if default else None)
            case "Format", (text, *arguments):
                return text % tuple(self._look_up(argument, entry) for argument in arguments)
            case "KeyOf", (name,) if name in self._by_id:
                return self._by_id[name]
            case "KeyOf", (name,):
                raise NotApplied(f"{self._blueprint.file}: KeyOf: failed to find entry with id {name}")
            case "Find", (model, *conditions):
                found = self._core.all(model, **{name: self._look_up(value, entry) for name, value in conditions})
                return found[0]["pk"] if found else None
            case _:
                raise NotApplied(f"{self._blueprint.file}: !{tag.name} is not used here")


# --- What authentik ships -----------------------------------------------------------------------------------------


def shipped() -> Iterator[Blueprint]:
    """Yield authentik's own blueprints that ours look something up of, cut down to that."""
    yield _shipped(
        "Default - Provider authorization flow (implicit consent)",
        [(FLOW, {"slug": "default-provider-authorization-implicit-consent"}, {"designation": "authorization"})],
    )
    yield _shipped(
        "System - OAuth2 Provider - Scopes",
        [
            (SCOPE, {"managed": f"goauthentik.io/providers/oauth2/scope-{name}"}, {"scope_name": name})
            for name in ("openid", "email", "profile", "offline_access")
        ],
    )


def _shipped(name: str, rows: list[tuple[str, dict[str, str], dict[str, str]]]) -> Blueprint:
    filler: dict[str, dict[str, str]] = {FLOW: {"name": name, "title": name}, SCOPE: {"name": name, "expression": "…"}}
    entries = [Entry(model, "present", None, ids, {**filler[model], **attrs}) for model, ids, attrs in rows]
    return Blueprint(file="shipped", name=name, version=1, entries=tuple(entries))


def fresh(environment: Mapping[str, str], blueprints: list[Blueprint]) -> Core:
    """Return an authentik at its first boot: it knows all files, and has applied none of them yet."""
    core = Core(environment)
    core.known = {blueprint.name: blueprint for blueprint in [*shipped(), *blueprints]}
    core.add(CERTIFICATE, name="authentik Self-signed Certificate", certificate_data="-----BEGIN CERTIFICATE-----")
    return core
