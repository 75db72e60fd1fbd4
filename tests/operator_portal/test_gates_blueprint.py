"""What the gate ought to be is read from the blueprint in git, and from nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from operator_portal.gates.blueprint import BlueprintUnreadable, ExpectedGate, expected_gate

_TEXT = Path(settings.OPERATOR_BLUEPRINT).read_text(encoding="utf-8")


def read(tmp_path: Path, text: str) -> ExpectedGate:
    path = tmp_path / "operator-application.yaml"
    path.write_text(text, encoding="utf-8")
    return expected_gate(path)


def test_the_blueprint_in_git_describes_a_gate_that_is_shut() -> None:
    gate = expected_gate(settings.OPERATOR_BLUEPRINT)
    assert (gate.engine_mode, gate.group, gate.policy) == (
        *("all", "dezky-platform-admins"),
        "dezky-operator-platform-admins",
    )
    assert (gate.binding_enabled, gate.binding_negate, gate.binding_failure_result) == (True, False, False)


def test_what_git_says_is_what_is_expected(tmp_path: Path) -> None:
    changed = _TEXT.replace('name="dezky-platform-admins"', 'name="others"')
    assert changed != _TEXT
    assert read(tmp_path, changed).group == "others"
    turned = _TEXT.replace("failure_result: false", "failure_result: true")
    assert turned != _TEXT
    assert read(tmp_path, turned).binding_failure_result is True


def test_a_binding_may_look_its_policy_up_by_name(tmp_path: Path) -> None:
    found = "!Find [authentik_policies_expression.expressionpolicy, [name, dezky-operator-platform-admins]]"
    changed = _TEXT.replace("policy: !KeyOf policy", f"policy: {found}")
    assert changed != _TEXT
    assert read(tmp_path, changed) == expected_gate(settings.OPERATOR_BLUEPRINT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: dezky-operator-platform-admins", "name: another"),
        ("policy: !KeyOf policy", "policy: !KeyOf another"),
        ("policy_engine_mode: all", "open_in_new_tab: true"),
        ("ak_is_group_member", "ak_is_somebody"),
        ("entries:", "entrances:"),
        ("version: 1", "version: [1"),
    ],
)
def test_a_blueprint_without_its_gate_is_unreadable(tmp_path: Path, old: str, new: str) -> None:
    assert old in _TEXT
    with pytest.raises(BlueprintUnreadable):
        read(tmp_path, _TEXT.replace(old, new))


def test_a_blueprint_that_is_missing_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(BlueprintUnreadable, match="FileNotFoundError"):
        expected_gate(tmp_path / "none.yaml")
