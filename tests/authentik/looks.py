"""What must be so in an authentik that has applied the blueprints, each rule by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.authentik.core import (
    APPLICATION,
    BINDING,
    CERTIFICATE,
    FLOW,
    POLICY,
    PROVIDER,
    SCOPE,
    STAGE_BINDING,
    USER,
    Core,
)
from tests.authentik.worlds import CLIENTS, ENVIRONMENT, GATE, SITE

type Look = Callable[[Core], Iterator[str]]
LOOKS: dict[str, Look] = {}


def look(name: str) -> Callable[[Look], Look]:
    """Register a rule under its name."""
    return lambda function: LOOKS.setdefault(name, function)


def said(check: Look, core: Core) -> list[str]:
    """Return what a rule says; that a row is missing is something too."""
    try:
        return list(check(core))
    except LookupError as error:
        return [str(error)]


def _providers(core: Core) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for client_id, path in CLIENTS.items():
        yield client_id, f"{SITE}/oidc/{path}", core.one(PROVIDER, client_id=client_id)


@look("signs with a published key")
def _signs(core: Core) -> Iterator[str]:
    for client_id, _, provider in _providers(core):
        if not core.all(CERTIFICATE, pk=provider["signing_key"]):
            yield f"{client_id}: tokens are HS256, signed with the client's secret"


@look("one address gets codes")
def _redirects(core: Core) -> Iterator[str]:
    for client_id, base, provider in _providers(core):
        if provider["redirect_uris"] != [{"matching_mode": "strict", "url": f"{base}/callback/"}]:
            yield f"{client_id}: {provider['redirect_uris']}"


@look("the client is who Dezky is")
def _client(core: Core) -> Iterator[str]:
    for client_id, _, provider in _providers(core):
        secret = ENVIRONMENT[f"{CLIENTS[client_id].upper()}_OIDC_CLIENT_SECRET"]
        if (provider["client_type"], provider["client_secret"]) != ("confidential", secret):
            yield f"{client_id} is {provider['client_type']}, or has another secret than the environment"


@look("a person is the same everywhere")
def _subject(core: Core) -> Iterator[str]:
    for client_id, _, provider in _providers(core):
        if (provider["sub_mode"], provider.get("issuer_mode")) != ("user_uuid", "per_provider"):
            yield f"{client_id}: {provider['sub_mode']}, {provider.get('issuer_mode')}"


@look("claims come from these scopes alone")
def _claims(core: Core) -> Iterator[str]:
    expected = {
        "dezky-portal": {"openid", "email", "profile", "offline_access", "dezky:api"},
        "dezky-operator": {"openid", "email", "profile", "offline_access"},
    }
    names = {row["pk"]: row["scope_name"] for row in core.all(SCOPE)}
    for client_id, _, provider in _providers(core):
        scopes = {names.get(pk, f"mapping {pk}") for pk in provider["property_mappings"]}
        if scopes != expected[client_id] or provider.get("include_claims_in_id_token") is not True:
            yield f"{client_id}: {sorted(scopes)}"
    if core.one(SCOPE, scope_name="dezky:api")["expression"] != "return {}":
        yield "dezky:api adds claims"


@look("refresh tokens rotate")
def _rotation(core: Core) -> Iterator[str]:
    for client_id, _, provider in _providers(core):
        if provider["refresh_token_threshold"] != "seconds=0":
            yield f"{client_id}: {provider['refresh_token_threshold']}"


@look("sign-out ends the session and returns")
def _sign_out(core: Core) -> Iterator[str]:
    for client_id, base, provider in _providers(core):
        (flow,) = core.all(FLOW, pk=provider["invalidation_flow"]) or [{"slug": "no flow", "pk": ""}]
        if (flow["slug"], flow.get("designation"), flow.get("authentication")) != (
            *(f"{client_id}-sign-out", "invalidation"),
            "none",
        ):
            yield f"{client_id}: signs out by {flow}"
        stages = [stage for stage, _ in _stages(core, flow["pk"])]
        if stages != ["authentik_stages_user_logout.userlogoutstage", "authentik_stages_redirect.redirectstage"]:
            yield f"{client_id}: the flow's stages are {stages}"
        for kind, stage in _stages(core, flow["pk"]):
            if kind.endswith("redirectstage") and (stage["mode"], stage["target_static"], stage["keep_context"]) != (
                *("static", f"{base}/signed-out/"),
                False,
            ):
                yield f"{client_id}: returns to {stage}"


@look("Dezky hears of it")
def _back_channel(core: Core) -> Iterator[str]:
    for client_id, base, provider in _providers(core):
        if (provider.get("logout_method"), provider.get("logout_uri")) != (
            "backchannel",
            f"{base}/backchannel-logout/",
        ):
            yield f"{client_id}: {provider.get('logout_method')} to {provider.get('logout_uri')}"


@look("operators bring a second factor")
def _second_factor(core: Core) -> Iterator[str]:
    flow = core.one(PROVIDER, client_id="dezky-operator").get("authentication_flow")
    stages = _stages(core, flow)
    kinds = [kind.rpartition(".")[2] for kind, _ in stages]
    if kinds != ["identificationstage", "passwordstage", "authenticatorvalidatestage", "userloginstage"]:
        yield f"the flow's stages are {kinds}"
    for kind, stage in stages:
        if kind.endswith("authenticatorvalidatestage") and (
            stage["not_configured_action"] != "deny"
            or {"sms", "email"} & set(stage["device_classes"])
            or stage["last_auth_threshold"] != "seconds=0"
        ):
            yield f"the factor is weak: {stage}"
    if core.one(FLOW, pk=flow)["authentication"] != "none":
        yield "a second round with max_age=1 would be refused"


@look("the gate is shut")
def _gate(core: Core) -> Iterator[str]:
    provider = core.one(PROVIDER, client_id="dezky-operator")
    application = core.one(APPLICATION, provider=provider["pk"])
    policy = core.one(POLICY, name=GATE)
    if application["policy_engine_mode"] != "all":
        yield "one binding is enough"
    if policy["expression"] != 'return ak_is_group_member(request.user, name="dezky-platform-admins")':
        yield f"the policy asks {policy['expression']}"
    bindings = core.all(BINDING, target=application["pk"], policy=policy["pk"])
    shut = {"enabled": True, "negate": False, "failure_result": False}
    if len(bindings) != 1 or any(bindings[0][name] != value for name, value in shut.items()):
        yield f"the policy is bound as {bindings}"
    if not core.all("authentik_core.group", name="dezky-platform-admins"):
        yield "there is no group to ask for"


@look("what is yours stays")
def _kept(core: Core) -> Iterator[str]:
    """Names, slugs, lifetimes and the consent flow of what was made by hand are left alone."""
    if not core.is_made_by_hand:
        return
    consent = core.one(FLOW, slug="default-provider-authorization-implicit-consent")["pk"]
    for client_id, _, provider in _providers(core):
        kept = provider["name"], provider["access_token_validity"], provider["authorization_flow"]
        if kept != (f"{client_id} by hand", "hours=3", consent):
            yield f"{client_id}: {kept}"
        application = core.one(APPLICATION, provider=provider["pk"])
        if (application["name"], application["slug"]) != ("By hand", f"{client_id}-by-hand"):
            yield f"{client_id}: {application}"


@look("the monitor can look and no more")
def _monitor(core: Core) -> Iterator[str]:
    monitor = core.one(USER, username="dezky-gate-monitor")
    roles = [core.one("authentik_rbac.role", pk=pk) for pk in monitor["roles"]]
    may = {permission for role in roles for permission in role["permissions"]}
    needed = {
        *("authentik_core.view_application", "authentik_core.view_user_applications", "authentik_core.view_provider"),
        *("authentik_core.view_group", "authentik_core.view_user", "authentik_policies.view_policybinding"),
        *("authentik_policies.view_policy", "authentik_policies_expression.view_expressionpolicy"),
    }
    if may != needed or monitor["groups"] or monitor["type"] != "service_account":
        yield f"the monitor may {sorted(may ^ needed)}"
    token = core.one("authentik_core.token", identifier="dezky-gate-monitor")
    if (token["user"], token["key"], token["intent"], token["expiring"]) != (
        *(monitor["pk"], "monitor-token", "api"),
        False,
    ):
        yield "the token is not the monitor's"


@look("the probes stand on either side")
def _probes(core: Core) -> Iterator[str]:
    group = core.one("authentik_core.group", name="dezky-platform-admins")["pk"]
    inside = core.one(USER, username="dezky-probe-operator")["groups"]
    outside = core.one(USER, username="dezky-probe-outsider")["groups"]
    if (inside, outside) != ([group], []):
        yield f"inside {inside}, outside {outside}"


def _stages(core: Core, flow: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return the stages of a flow by their order, each with its model."""
    stages = {row["pk"]: (kind, row) for kind, rows in core.rows.items() if "_stages_" in kind for row in rows}
    bindings = sorted(core.all(STAGE_BINDING, target=flow), key=lambda row: row["order"])
    return [stages[row["stage"]] for row in bindings]
