"""The gate watch turns red within one run for each way in which authentik's gate can be taken away, and says which."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from accounts import authentik_admin
from accounts.authentik_admin import Binding
from accounts.models import OIDCSession, User
from operator_portal.enums import Check, GateState, Layer
from operator_portal.gates import own_layers, provider_layer
from operator_portal.gates.findings import Finding, judge, state_of
from operator_portal.gates.provider_layer import check_provider
from operator_portal.gates.run import check_gates
from tenants.models import AuditEvent
from tenants.scope import operator_scope
from tests.contract.identity_browser import IdentityProvider

_PROVIDER = [check for check in Check if check.layer is Layer.PROVIDER]
_OWN = [check for check in Check if check.layer is not Layer.PROVIDER]
_LET_IN = {Check.OUTSIDER, Check.OUTSIDER_SIGN_IN}
_KEPT_OUT = {Check.OPERATOR, Check.OPERATOR_SIGN_IN}
# Every check that turns red by a change at authentik: what is configured, and what it does to people.
REDDENS: dict[str, set[Check]] = {
    "unbind_policy": {Check.BINDING, *_LET_IN},
    "disable_binding": {Check.BINDING_ENABLED, *_LET_IN},
    "expression": {Check.EXPRESSION, *_LET_IN},
    "engine_mode": {Check.ENGINE_MODE},
    "second_binding": {Check.FOREIGN_BINDING, *_KEPT_OUT},
    "engine_mode_any_with_second_binding": {Check.ENGINE_MODE, Check.FOREIGN_BINDING},
    "negate": {Check.BINDING_NEGATE, *_LET_IN, *_KEPT_OUT},
    "failure_result": {Check.BINDING_FAILURE},
    "redirect_uri": {Check.REDIRECT_URI},
    "signing_key": {Check.SIGNING_KEY, Check.OPERATOR_SIGN_IN},
    "rename_group": {Check.GROUP, *_KEPT_OUT},
}


def red(findings: list[Finding]) -> set[Check]:
    return {finding.check for finding in findings if finding.state == GateState.RED}


def unknown(findings: list[Finding]) -> set[Check]:
    return {finding.check for finding in findings if finding.state == GateState.UNKNOWN}


def found(findings: list[Finding], check: Check) -> Finding:
    (finding,) = [finding for finding in findings if finding.check is check]
    return finding


def test_a_gate_as_git_says_is_green_and_everything_was_looked_at(gate: IdentityProvider) -> None:
    findings = check_gates()
    assert [(f.check, f.text) for f in findings if f.state != GateState.GREEN] == []
    assert sorted(finding.check for finding in findings) == sorted(Check)


@pytest.mark.parametrize("change", REDDENS)
def test_a_change_turns_exactly_its_own_checks_red_and_back(gate: IdentityProvider, change: str) -> None:
    """Must show 6."""
    gate.control("configure", change=change)
    findings = check_gates()
    assert red(findings) == REDDENS[change]
    assert all(
        f.text and f.expected and f.actual and f.expected != f.actual for f in findings if f.check in red(findings)
    )
    gate.control("reset")
    assert red(check_gates()) == set()


@pytest.mark.parametrize(
    ("change", "check"), [(change, check) for change in REDDENS for check in sorted(REDDENS[change])]
)
def test_without_its_comparison_a_check_stays_green(
    gate: IdentityProvider, monkeypatch: pytest.MonkeyPatch, change: str, check: Check
) -> None:
    """A mutant for each finding: it dies in the test above, because only the comparison makes the check red."""
    real = judge

    def blind(of: Check, *, holds: bool, **words: str) -> Finding:
        return real(of, holds=holds or of is check, **words)

    monkeypatch.setattr(provider_layer, "judge", blind)
    gate.control("configure", change=change)
    assert red(check_provider()) == REDDENS[change] - {check}


def test_a_red_finding_says_what_was_expected_and_what_is(gate: IdentityProvider) -> None:
    gate.control("configure", change="expression")
    finding = found(check_provider(), Check.EXPRESSION)
    assert 'ak_is_group_member(request.user, name="dezky-platform-admins")' in finding.expected
    assert finding.actual == "return True"
    gate.control("configure", change="second_binding")
    assert found(check_provider(), Check.FOREIGN_BINDING).actual == "group dezky-tenant-acme-admins"


@pytest.mark.parametrize("fault", ["down", "status", "slow"])
def test_an_authentik_that_is_away_is_unknown_and_asked_once(gate: IdentityProvider, fault: str) -> None:
    gate.control(fault, **{"status": {"code": 503}, "slow": {"seconds": 30}}.get(fault, {}))
    findings = check_gates()
    assert (red(findings), unknown(findings)) == (set(), set(_PROVIDER))
    assert sum(gate.control("counts")["counts"].values()) == 1
    assert {f.text for f in findings if f.check in _PROVIDER} == {found(findings, Check.APPLICATION).text}


def test_a_monitor_whose_token_is_refused_knows_nothing_of_the_configuration(
    gate: IdentityProvider, settings: Settings
) -> None:
    settings.AUTHENTIK_API_TOKEN = "stale"
    findings = check_provider()
    assert unknown(findings) == set(_PROVIDER) - {
        *(Check.SIGNING_KEY, Check.REDIRECT_URI),
        *(Check.OUTSIDER_SIGN_IN, Check.OPERATOR_SIGN_IN),
    }
    assert "refuses the monitor (status_403)" in found(findings, Check.BINDING).text


def test_what_is_not_configured_is_said_to_be_so(gate: IdentityProvider, settings: Settings) -> None:
    settings.AUTHENTIK_API_TOKEN = ""
    settings.AUTHENTIK_PROBES = {name: {"username": "", "password": ""} for name in ("operator", "outsider")}
    findings = check_provider()
    assert found(findings, Check.BINDING).text == "Not configured: AUTHENTIK_API_TOKEN is not set."
    assert state_of(finding.state for finding in findings) == GateState.UNKNOWN
    assert {Check.OUTSIDER_SIGN_IN, Check.OPERATOR_SIGN_IN} & {finding.check for finding in findings} == set()


def test_a_probe_that_cannot_sign_in_says_nothing_of_the_gate(gate: IdentityProvider, settings: Settings) -> None:
    settings.AUTHENTIK_PROBES["outsider"]["password"] = "forgotten"
    finding = found(check_provider(), Check.OUTSIDER_SIGN_IN)
    assert (finding.state, "the password is not accepted" in finding.text) == (GateState.UNKNOWN, True)


def test_a_blueprint_that_is_missing_compares_nothing(
    gate: IdentityProvider, settings: Settings, tmp_path: Any
) -> None:
    settings.OPERATOR_BLUEPRINT = tmp_path / "operator-application.yaml"
    findings = check_provider()
    assert {Check.ENGINE_MODE, Check.BINDING, Check.EXPRESSION, Check.GROUP} <= unknown(findings)
    assert found(findings, Check.APPLICATION).state == GateState.GREEN


def test_probes_leave_no_session_and_no_token(gate: IdentityProvider) -> None:
    check_provider()
    counts = gate.control("counts")["counts"]
    assert (counts["token"], counts["revoke"]) == (1, 2)
    assert gate.control("state")["sessions"] == {}


def test_an_answer_of_another_shape_is_unknown(gate: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentik_admin, "_get", lambda _path, **_kwargs: {"results": [{"name": 1}], "pagination": {}})
    assert unknown(check_provider()) == set(_PROVIDER)


# --- The second and the third layer -------------------------------------------------------------------

_TAKEN_AWAY: dict[str, tuple[str, Any, set[Check]]] = {
    "the middleware's question": (
        "operator_portal.middleware.OperatorGuardMiddleware.process_view",
        lambda *_args, **_kwargs: None,
        {Check.MIDDLEWARE_PAGES},
    ),
    "the audience of the API": (
        "accounts.api.permissions.AudiencePermission.has_permission",
        lambda *_args: True,
        {Check.MIDDLEWARE_API},
    ),
    "the pages' own guard": (
        "operator_portal.mixins.is_operator",
        lambda _request: True,
        {Check.VIEW_GUARD, Check.VIEW_PAGES},
    ),
    "the API's own guard": (
        "operator_portal.api.views.OperatorPermission.has_permission",
        lambda *_args: True,
        {Check.VIEW_API},
    ),
    "the database's word": (
        "operator_portal.guards.is_platform_admin",
        lambda _pk: True,
        {Check.VIEW_GUARD, Check.VIEW_PAGES},
    ),
}


@pytest.mark.parametrize("what", _TAKEN_AWAY)
def test_a_guard_that_is_switched_off_is_noticed(monkeypatch: pytest.MonkeyPatch, db: None, what: str) -> None:
    target, nothing, expected = _TAKEN_AWAY[what]
    assert red(own_layers.check_own()) == set()
    monkeypatch.setattr(target, nothing)
    assert red(own_layers.check_own()) == expected


def test_a_middleware_that_left_the_list_is_noticed(settings: Settings, db: None) -> None:
    guard = "operator_portal.middleware.OperatorGuardMiddleware"
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if path != guard]
    assert red(own_layers.check_own()) == {Check.MIDDLEWARE_LISTED, Check.MIDDLEWARE_PAGES}
    settings.MIDDLEWARE = [guard, *settings.MIDDLEWARE]
    assert red(own_layers.check_own()) == {Check.MIDDLEWARE_LISTED}


def test_a_row_that_is_opened_is_noticed(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr("accounts.guards.table", dict)
    assert red(own_layers.check_own()) == {Check.GUARD_TABLE, Check.MIDDLEWARE_PAGES}


def test_an_api_without_a_permission_is_noticed(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr("operator_portal.api.views.OperatorTenantListView.permission_classes", ())
    findings = own_layers.check_own()
    assert red(findings) == {Check.MIDDLEWARE_API, Check.VIEW_API}
    assert "api:operator-tenants does not ask at all" in found(findings, Check.VIEW_API).actual


@pytest.mark.django_db
def test_the_self_tests_leave_nothing_behind() -> None:
    own_layers.check_own()
    with operator_scope():
        assert (User.objects.count(), OIDCSession.objects.count(), AuditEvent.objects.count()) == (0, 0, 0)


# --- The command --------------------------------------------------------------------------------------


def test_the_command_prints_json_and_exits_with_what_it_found(
    gate: IdentityProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("authentik_check", json=True)
    printed = json.loads(capsys.readouterr().out)
    assert (printed["state"], {check["state"] for check in printed["checks"]}) == ("green", {"green"})
    gate.control("configure", change="negate")
    with pytest.raises(SystemExit) as left:
        call_command("authentik_check")
    printed_table = capsys.readouterr().out
    assert (left.value.code, "The binding is turned round" in printed_table) == (1, True)
    assert "All in all: not in place." in printed_table
    gate.control("down")
    with pytest.raises(SystemExit) as away:
        call_command("authentik_check")
    assert away.value.code == 2


def test_a_namesake_of_the_policy_that_is_bound_in_its_place_is_noticed(
    gate: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy of another kind may bear the name and let everybody in, while the one in git lies unbound."""
    real = authentik_admin.bindings_of

    def bindings_of(target: str) -> list[Binding]:
        return [replace(binding, bound="00000000-0000-4000-8000-000000000000") for binding in real(target)]

    monkeypatch.setattr(authentik_admin, "bindings_of", bindings_of)
    assert red(check_provider()) == {Check.EXPRESSION}
