"""What authentik should be running: read from the blueprint in git, so that the two can't drift apart unseen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_POLICY = "dezky-operator-platform-admins"
_APPLICATION, _BINDING, _EXPRESSION = (
    "authentik_core.application",
    "authentik_policies.policybinding",
    "authentik_policies_expression.expressionpolicy",
)
_GROUP_IN_EXPRESSION = re.compile(r"ak_is_group_member\(request\.user, name=[\"']([^\"']+)[\"']\)")


class BlueprintUnreadable(Exception):
    """The blueprint is missing or does not say what the gate is."""


@dataclass(frozen=True)
class ExpectedGate:
    """The gate as git says it should be."""

    engine_mode: str
    policy: str
    expression: str
    group: str
    binding_enabled: bool
    binding_negate: bool
    binding_failure_result: bool


@dataclass(frozen=True)
class Reference:
    """A value that authentik looks up by itself, such as `!KeyOf policy` or `!Env NAME`."""

    tag: str
    value: Any


class _Loader(yaml.SafeLoader):
    """Keeps authentik's tags as what they are."""


def _keep(loader: _Loader, tag: str, node: yaml.Node) -> Reference:
    if isinstance(node, yaml.ScalarNode):
        return Reference(tag, loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return Reference(tag, loader.construct_sequence(node, deep=True))
    return Reference(tag, None)


_Loader.add_multi_constructor("!", _keep)


def expected_gate(path: Path) -> ExpectedGate:
    """Return the gate that the blueprint at `path` makes.

    Raises:
        BlueprintUnreadable: there is no such file, or it has no such policy, binding or mode.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader's child
        entries: list[dict[str, Any]] = document["entries"]
        policy = next(e for e in _of(entries, _EXPRESSION) if e["identifiers"]["name"] == _POLICY)
        binding = next(e for e in _of(entries, _BINDING) if _means(e["identifiers"]["policy"], policy))
        attrs = binding.get("attrs") or {}
        expression = str(policy["attrs"]["expression"])
        return ExpectedGate(
            engine_mode=_last_mode(entries),
            policy=_POLICY,
            expression=expression,
            group=_group_of(expression),
            # What the blueprint leaves out is what authentik makes of a new binding.
            binding_enabled=attrs.get("enabled", True) is True,
            binding_negate=attrs.get("negate", False) is True,
            binding_failure_result=attrs.get("failure_result", False) is True,
        )
    except (OSError, yaml.YAMLError) as error:
        raise BlueprintUnreadable(f"{path.name} can't be read: {type(error).__name__}") from error
    except (KeyError, TypeError, StopIteration) as error:
        raise BlueprintUnreadable(f"{path.name} does not say what the gate is: {error!r}") from error


def _of(entries: list[dict[str, Any]], model: str) -> list[dict[str, Any]]:
    return [entry for entry in entries if entry.get("model") == model]


def _means(reference: object, policy: dict[str, Any]) -> bool:
    """Return whether a binding's policy is this one: by the entry's id, or looked up by its name."""
    if not isinstance(reference, Reference):
        return False
    if reference.tag == "KeyOf":
        return bool(reference.value == policy.get("id"))
    return reference.tag == "Find" and ["name", policy["identifiers"]["name"]] in reference.value


def _last_mode(entries: list[dict[str, Any]]) -> str:
    """Return the mode that authentik is held in: that of the entry in state present, which resets it."""
    modes = [
        str(entry["attrs"]["policy_engine_mode"])
        for entry in _of(entries, _APPLICATION)
        if entry.get("state", "present") == "present" and "policy_engine_mode" in (entry.get("attrs") or {})
    ]
    if not modes:
        raise KeyError("policy_engine_mode")
    return modes[-1]


def _group_of(expression: str) -> str:
    found = _GROUP_IN_EXPRESSION.search(expression)
    if found is None:
        raise KeyError("ak_is_group_member")
    return found[1]
