"""What must hold of the blueprints holds, and each rule notices when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.authentik import documents, rules

OPERATOR, PORTAL, MONITOR = "operator-application", "dezky-portal", "gate-monitor"
_APPLICATION = "  - model: authentik_core.application\n    state: {}\n"
_FACTOR = "      stage: !KeyOf second-factor\n    attrs:\n      order: {}\n"
_END_SESSION = "      stage: !KeyOf end-session\n    attrs:\n      order: {}\n"
_GROUPS = "      groups: {}\n"
_FIND_CERTIFICATE = "signing_key: !Find [authentik_crypto.certificatekeypair, [name, Somebody's certificate]]"
_FIND_FLOW = "invalidation_flow: !Find [authentik_flows.flow, [slug, default-provider-invalidation-flow]]"
_FIND_GROUP = "[!Find [authentik_core.group, [name, dezky-platform-admins]]]"

# By the rule that has to notice: in this file, everywhere, this becomes that.
FAULTS: dict[str, list[tuple[str, str, str]]] = {
    "the gate is shut": [
        (OPERATOR, "      policy_engine_mode: all\n", "      policy_engine_mode: any\n"),
        (OPERATOR, _APPLICATION.format("present"), _APPLICATION.format("created")),
        (OPERATOR, "      enabled: true", "      enabled: false"),
        (OPERATOR, "      negate: false", "      negate: true"),
        (OPERATOR, "      failure_result: false", "      failure_result: true"),
        (OPERATOR, 'name="dezky-platform-admins"', 'name="dezky-support"'),
        (OPERATOR, "      target: !KeyOf application\n", "      target: !KeyOf sign-in\n"),
    ],
    "signs with a published key": [
        (OPERATOR, "      signing_key: !KeyOf certificate\n", ""),
        (PORTAL, "      signing_key: !KeyOf certificate\n", ""),
        (PORTAL, "signing_key: !KeyOf certificate", _FIND_CERTIFICATE),
    ],
    "one address gets codes": [
        (OPERATOR, "matching_mode: strict", "matching_mode: regex"),
        (PORTAL, "/oidc/portal/callback/", "/oidc/portal/.*"),
    ],
    "the client is who Dezky is": [
        (OPERATOR, "client_type: confidential", "client_type: public"),
        (OPERATOR, "client_id: !Env [OPERATOR_OIDC_CLIENT_ID, dezky-operator]", "name: dezky-operator"),
    ],
    "a person is the same everywhere": [
        (PORTAL, "sub_mode: user_uuid", "sub_mode: user_email"),
        (OPERATOR, "issuer_mode: per_provider", "issuer_mode: global"),
    ],
    "claims come from these scopes alone": [
        (OPERATOR, "scope-profile]]", "scope-email]]"),
        (PORTAL, "include_claims_in_id_token: true", "include_claims_in_id_token: false"),
    ],
    "refresh tokens rotate": [(PORTAL, "refresh_token_threshold: seconds=0", "refresh_token_threshold: minutes=5")],
    "sign-out ends the session and returns": [
        (PORTAL, "designation: invalidation", "designation: authorization"),
        (PORTAL, "authentication: none", "authentication: require_authenticated"),
        (OPERATOR, _END_SESSION.format(0), _END_SESSION.format(20)),
        (OPERATOR, "keep_context: false", "keep_context: true"),
        (PORTAL, "/oidc/portal/signed-out/", "/"),
        (PORTAL, "      invalidation_flow: !KeyOf sign-out\n      logout_method", "      logout_method"),
    ],
    "Dezky hears of it": [
        (OPERATOR, "logout_method: backchannel", "logout_method: frontchannel"),
        (PORTAL, "/backchannel-logout/", "/back-channel-logout/"),
    ],
    "operators bring a second factor": [
        (OPERATOR, "      authentication_flow: !KeyOf sign-in\n", ""),
        (OPERATOR, "not_configured_action: deny", "not_configured_action: skip"),
        (OPERATOR, "webauthn, totp, static", "webauthn, totp, sms"),
        (OPERATOR, "last_auth_threshold: seconds=0", "last_auth_threshold: days=30"),
        (OPERATOR, _FACTOR.format(30), _FACTOR.format(300)),
        (OPERATOR, "authentication: none", "authentication: require_unauthenticated"),
    ],
    "the monitor can look and no more": [
        (MONITOR, "authentik_core.view_group", "authentik_core.view_token"),
        (MONITOR, "type: service_account", "type: internal"),
        (MONITOR, "expiring: false", "expiring: true"),
    ],
    "the probes stand on either side": [(MONITOR, _GROUPS.format("[]"), _GROUPS.format(_FIND_GROUP))],
    "what is yours stays": [
        (PORTAL, "      client_type: confidential\n", "      client_type: confidential\n      name: dezky-portal\n"),
        (OPERATOR, "    state: created\n    id: application", "    state: present\n    id: application"),
    ],
    "applies": [
        (OPERATOR, "name: authentik Self-signed Certificate", "name: A certificate to come"),
        (PORTAL, "        - matching_mode: strict\n          url:", "        - url:"),
        (OPERATOR, "!Env OPERATOR_OIDC_CLIENT_SECRET", "!Env OPERATOR_SECRET"),
        (OPERATOR, "scope-profile]]", "scope-profil]]"),
        (OPERATOR, "invalidation_flow: !KeyOf sign-out", _FIND_FLOW),
        (MONITOR, "authentik_core.view_group", "authentik_core.change_group"),
        (PORTAL, "sub_mode:", "subject_mode:"),
        ("groups", "authentik_core.group", "authentik_core.crowd"),
        ("scopes", "scope_name: dezky:api", "scope_name: dezky:everything"),
    ],
    "secrets come from the environment": [(PORTAL, "!Env PORTAL_OIDC_CLIENT_SECRET", "in-git-for-all-to-read")],
    "env is set": [
        (PORTAL, "!Env PORTAL_OIDC_CLIENT_SECRET", "!Env PORTAL_SECRET"),
        (MONITOR, "!Env AUTHENTIK_API_TOKEN", "!Env AUTHENTIK_PROBE_OPERATOR_PASSWORD"),
    ],
    "env in a format is guarded": [
        (PORTAL, "meta_launch_url: !Env SITE_URL", "open_in_new_tab: false"),
        (OPERATOR, "meta_publisher: !Env SITE_URL", "open_in_new_tab: false"),
    ],
    "find is loud": [(PORTAL, "signing_key: !KeyOf certificate", _FIND_CERTIFICATE)],
    "find has a source": [
        (MONITOR, "name: Dezky groups", "name: Dezky crowds"),
        (OPERATOR, "name: System - OAuth2 Provider - Scopes", "name: Dezky scopes"),
    ],
    "key of an earlier entry": [
        (OPERATOR, "    id: sign-in\n", ""),
        (PORTAL, "    id: return\n", "    id: end-session\n"),
    ],
    "version": [
        (OPERATOR, "version: 1", "version: 2"),
        (OPERATOR, "    attrs:\n      enabled", "    attributes:\n      enabled"),
    ],
}


def test_the_blueprints_in_git_break_no_rule() -> None:
    assert rules.broken(documents.read_all()) == {}


def test_every_blueprint_in_the_folder_is_read() -> None:
    assert {path.stem for path in documents.FOLDER.iterdir()} == set(documents.ORDER)


@pytest.mark.parametrize(
    ("rule", "file", "old", "new"),
    [(rule, *fault) for rule, faults in FAULTS.items() for fault in faults],
)
def test_a_fault_is_noticed_by_its_rule(rule: str, file: str, old: str, new: str) -> None:
    texts = documents.sources()
    assert old in texts[file]
    texts[file] = texts[file].replace(old, new)

    assert rule in rules.broken(documents.read_all(texts))


def held() -> list[tuple[int, int, str]]:
    """Return where the entries in state `present` stand that hold something, with what they are called."""
    return [
        (place, number, entry.words)
        for place, blueprint in enumerate(documents.read_all())
        for number, entry in enumerate(blueprint.entries)
        if entry.state == "present" and entry.model != documents.META and entry.attrs
    ]


@pytest.mark.parametrize(("place", "number"), [pytest.param(*place, id=words) for *place, words in held()])
def test_what_is_held_is_missed_when_it_is_only_created(place: int, number: int) -> None:
    blueprints = documents.read_all()
    entries = list(blueprints[place].entries)
    entries[number] = replace(entries[number], state="created")
    blueprints[place] = replace(blueprints[place], entries=tuple(entries))

    assert rules.broken(blueprints) != {}


def test_every_rule_has_a_fault_that_it_notices() -> None:
    assert set(FAULTS) == rules.NAMES
