"""What must hold of the blueprints in git, each by its name.

The first kind reads the files. The second applies them in the model of authentik, to a new one and to one where
everything has drifted, and looks at what is there afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.authentik import core as model
from tests.authentik.compose import identity_environment, listed_variables
from tests.authentik.core import APPLICATION, BINDING, FLOW, NULLABLE, PROVIDER, STAGE_BINDING, Core, NotApplied
from tests.authentik.documents import META, Blueprint, Entry, Tag, tags

SITE = "https://dezky.example.com"
ENVIRONMENT: Mapping[str, str] = {
    "SITE_URL": SITE,
    "PORTAL_OIDC_CLIENT_SECRET": "portal-secret",
    "OPERATOR_OIDC_CLIENT_SECRET": "operator-secret",
    "AUTHENTIK_API_TOKEN": "monitor-token",
}
CLIENTS = {"dezky-portal": "portal", "dezky-operator": "operator"}
POLICY, EXPRESSION_POLICY = "dezky-operator-platform-admins", "authentik_policies_expression.expressionpolicy"

type Rule = Callable[[list[Blueprint]], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register a rule under its name."""

    def register(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return register


def broken(blueprints: list[Blueprint]) -> dict[str, list[str]]:
    """Return what is wrong, by the rule that says so."""
    found = {name: list(check(blueprints)) for name, check in RULES.items()}
    return {name: problems for name, problems in found.items() if problems}


# --- What stands in the files -------------------------------------------------------------------------------------


@rule("version")
def _version(blueprints: list[Blueprint]) -> Iterator[str]:
    for blueprint in blueprints:
        if blueprint.version != 1:
            yield f"{blueprint.file}: authentik passes over version {blueprint.version}"
        yield from (f"{blueprint.file}: authentik does not read {key}" for key in blueprint.unread)


@rule("env is set")
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


@rule("env in a format is guarded")
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


@rule("secrets come from the environment")
def _secrets(blueprints: list[Blueprint]) -> Iterator[str]:
    for blueprint in blueprints:
        for entry in blueprint.entries:
            for field in ("client_secret", "key", "password"):
                value = entry.attrs.get(field)
                if value is not None and not (isinstance(value, Tag) and value.name == "Env"):
                    yield f"{blueprint.file}: {entry.words}: {field} stands in git"


@rule("key of an earlier entry")
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


@rule("find is loud")
def _find_loud(blueprints: list[Blueprint]) -> Iterator[str]:
    """A !Find that finds nothing is null: it may stand only where null is refused."""
    for blueprint in blueprints:
        for entry in blueprint.entries:
            for field, value in {**entry.identifiers, **entry.attrs}.items():
                is_find = isinstance(value, Tag) and value.name == "Find"
                if is_find and field in NULLABLE.get(entry.model, frozenset()):
                    yield f"{blueprint.file}: {entry.words}: {field} would be empty without a word"


@rule("find has a source")
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


# --- What becomes of them -----------------------------------------------------------------------------------------


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
    policy = core.add(EXPRESSION_POLICY, name=POLICY, expression="return True")
    loose = {"enabled": False, "negate": True, "failure_result": True, "order": 7}
    core.add(BINDING, target=application["pk"], policy=policy["pk"], **loose)
    return core


def _applied(blueprints: list[Blueprint]) -> Iterator[Core]:
    for core in (model.fresh(ENVIRONMENT, blueprints), drifted(blueprints)):
        for blueprint in blueprints:
            core.apply(blueprint)
        yield core


def _after(check: Callable[[Core], Iterator[str]]) -> Rule:
    """Make a rule of a look at what is there once all files are applied; one that fails is the rule "applies"."""

    def rule_(blueprints: list[Blueprint]) -> Iterator[str]:
        try:
            for core in _applied(blueprints):
                yield from check(core)
        except NotApplied:
            return
        except LookupError as error:
            yield str(error)

    return rule_


@rule("applies")
def _applies(blueprints: list[Blueprint]) -> Iterator[str]:
    """Every file is valid to authentik's own schema, on a new authentik and on a used one."""
    try:
        list(_applied(blueprints))
    except NotApplied as error:
        yield str(error)


def _providers(core: Core) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for client_id, path in CLIENTS.items():
        yield client_id, f"{SITE}/oidc/{path}", core.one(PROVIDER, client_id=client_id)


@rule("signs with a published key")
@_after
def _signs(core: Core) -> Iterator[str]:
    for client_id, _, provider in _providers(core):
        if not core.all(model.CERTIFICATE, pk=provider["signing_key"]):
            yield f"{client_id}: tokens are HS256, signed with the client's secret"


@rule("one address gets codes")
@_after
def _redirects(core: Core) -> Iterator[str]:
    for client_id, base, provider in _providers(core):
        if provider["redirect_uris"] != [{"matching_mode": "strict", "url": f"{base}/callback/"}]:
            yield f"{client_id}: {provider['redirect_uris']}"


@rule("the client is who Dezky is")
@_after
def _client(core: Core) -> Iterator[str]:
    for client_id, _, provider in _providers(core):
        secret = ENVIRONMENT[f"{CLIENTS[client_id].upper()}_OIDC_CLIENT_SECRET"]
        if (provider["client_type"], provider["client_secret"]) != ("confidential", secret):
            yield f"{client_id} is {provider['client_type']}, or has another secret than the environment"


@rule("a person is the same everywhere")
@_after
def _subject(core: Core) -> Iterator[str]:
    for client_id, _, provider in _providers(core):
        if (provider["sub_mode"], provider.get("issuer_mode")) != ("user_uuid", "per_provider"):
            yield f"{client_id}: {provider['sub_mode']}, {provider.get('issuer_mode')}"


@rule("claims come from these scopes alone")
@_after
def _claims(core: Core) -> Iterator[str]:
    expected = {
        "dezky-portal": {"openid", "email", "profile", "offline_access", "dezky:api"},
        "dezky-operator": {"openid", "email", "profile", "offline_access"},
    }
    names = {row["pk"]: row["scope_name"] for row in core.all(model.SCOPE)}
    for client_id, _, provider in _providers(core):
        scopes = {names.get(pk, f"mapping {pk}") for pk in provider["property_mappings"]}
        if scopes != expected[client_id] or provider.get("include_claims_in_id_token") is not True:
            yield f"{client_id}: {sorted(scopes)}"


@rule("refresh tokens rotate")
@_after
def _rotation(core: Core) -> Iterator[str]:
    for client_id, _, provider in _providers(core):
        if provider["refresh_token_threshold"] != "seconds=0":
            yield f"{client_id}: {provider['refresh_token_threshold']}"


@rule("sign-out ends the session and returns")
@_after
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


@rule("Dezky hears of it")
@_after
def _back_channel(core: Core) -> Iterator[str]:
    for client_id, base, provider in _providers(core):
        if (provider.get("logout_method"), provider.get("logout_uri")) != (
            "backchannel",
            f"{base}/backchannel-logout/",
        ):
            yield f"{client_id}: {provider.get('logout_method')} to {provider.get('logout_uri')}"


@rule("operators bring a second factor")
@_after
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


@rule("the gate is shut")
@_after
def _gate(core: Core) -> Iterator[str]:
    provider = core.one(PROVIDER, client_id="dezky-operator")
    application = core.one(APPLICATION, provider=provider["pk"])
    policy = core.one(EXPRESSION_POLICY, name=POLICY)
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


@rule("what is yours stays")
def _kept(blueprints: list[Blueprint]) -> Iterator[str]:
    """Names, slugs, lifetimes and the consent flow of what was made by hand are left alone."""
    core = drifted(blueprints)
    flow = core.one(FLOW)["pk"]
    try:
        for blueprint in blueprints:
            core.apply(blueprint)
        for client_id, _, provider in _providers(core):
            kept = provider["name"], provider["access_token_validity"], provider["authorization_flow"]
            if kept != (f"{client_id} by hand", "hours=3", flow):
                yield f"{client_id}: {kept}"
            application = core.one(APPLICATION, provider=provider["pk"])
            if (application["name"], application["slug"]) != ("By hand", f"{client_id}-by-hand"):
                yield f"{client_id}: {application}"
    except NotApplied:
        return
    except LookupError as error:
        yield str(error)


@rule("the monitor can look and no more")
@_after
def _monitor(core: Core) -> Iterator[str]:
    monitor = core.one(model.USER, username="dezky-gate-monitor")
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


@rule("the probes stand on either side")
@_after
def _probes(core: Core) -> Iterator[str]:
    group = core.one("authentik_core.group", name="dezky-platform-admins")["pk"]
    inside = core.one(model.USER, username="dezky-probe-operator")["groups"]
    outside = core.one(model.USER, username="dezky-probe-outsider")["groups"]
    if (inside, outside) != ([group], []):
        yield f"inside {inside}, outside {outside}"


def _stages(core: Core, flow: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return the stages of a flow by their order, each with its model."""
    stages = {row["pk"]: (kind, row) for kind, rows in core.rows.items() if "_stages_" in kind for row in rows}
    bindings = sorted(core.all(STAGE_BINDING, target=flow), key=lambda row: row["order"])
    return [stages[row["stage"]] for row in bindings]
