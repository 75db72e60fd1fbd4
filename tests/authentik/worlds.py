"""The authentiks that the blueprints are tried on, in the model: a new one, and three that somebody has been at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.authentik import core as model
from tests.authentik.core import ADDED, APPLICATION, BINDING, FLOW, POLICY, PROVIDER, Core
from tests.authentik.documents import Blueprint

SITE = "https://dezky.example.com"
ENVIRONMENT: Mapping[str, str] = {
    "SITE_URL": SITE,
    "PORTAL_OIDC_CLIENT_SECRET": "portal-secret",
    "OPERATOR_OIDC_CLIENT_SECRET": "operator-secret",
    "AUTHENTIK_API_TOKEN": "monitor-token",
}
CLIENTS = {"dezky-portal": "portal", "dezky-operator": "operator"}
GATE = "dezky-operator-platform-admins"


def drifted(blueprints: list[Blueprint]) -> Core:
    """Return an authentik with providers, applications and a policy made by hand, all of it loosened."""
    core = model.fresh(ENVIRONMENT, blueprints)
    for blueprint in model.shipped():
        core.apply(blueprint)
    flow = core.one(FLOW)["pk"]
    for client_id in CLIENTS:
        provider = core.add(
            PROVIDER,
            name=f"{client_id} by hand",
            client_id=client_id,
            client_secret="somebody's",
            client_type="public",
            authorization_flow=flow,
            invalidation_flow=flow,
            authentication_flow=None,
            signing_key=None,
            sub_mode="user_email",
            issuer_mode="global",
            property_mappings=["somebody's"],
            redirect_uris=[{"matching_mode": "regex", "url": ".*"}],
            access_token_validity="hours=3",
            refresh_token_threshold="days=1",
        )
        core.add(APPLICATION, name="By hand", slug=f"{client_id}-by-hand", provider=provider["pk"])
    application = core.one(APPLICATION, slug="dezky-operator-by-hand")
    policy = core.add(POLICY, name=GATE, expression="return True")
    loose = {"enabled": False, "negate": True, "failure_result": True, "order": 7}
    core.is_made_by_hand = True
    core.add(BINDING, target=application["pk"], policy=policy["pk"], **loose)
    return core


def clicked(blueprints: list[Blueprint], *, shift: int) -> Core:
    """Return an authentik that has applied the files, and where everything was changed since; numbers by `shift`."""
    core = model.fresh(ENVIRONMENT, blueprints)
    for blueprint in blueprints:
        core.apply(blueprint)
    found_by: dict[str, set[str]] = {}
    for blueprint in blueprints:
        for entry in blueprint.entries:
            found_by.setdefault(entry.model, {"pk"}).update(entry.identifiers)
    for kind, known_by in found_by.items():
        for row in core.all(kind):
            changed = {field: _another(value, shift) for field, value in row.items() if field not in known_by}
            row.update(changed | {field: [] for field in ADDED.get(kind, frozenset())})
    return core


def _another(value: Any, shift: int) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + shift
    return ["another"] if isinstance(value, list) else "another"


def applied(blueprints: list[Blueprint]) -> Iterator[Core]:
    cores = [model.fresh(ENVIRONMENT, blueprints), drifted(blueprints)]
    for core in [*cores, *(clicked(blueprints, shift=shift) for shift in (1000, -1000))]:
        for blueprint in blueprints:
            core.apply(blueprint)
        yield core
