"""What an administrator can change at authentik while it runs: policies, bindings, redirect addresses, keys.

It begins as the blueprints in git leave it. The policy engine decides from what stands here now, so a gate
that is taken away is open. A restart, or `reset`, applies the blueprints again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from .applications import Application
from .expressions import ExpressionError, evaluate

BLUEPRINT = Path(__file__).resolve().parents[2] / "authentik" / "blueprints" / "operator-application.yaml"
OPERATOR = "dezky-operator"
POLICY = "dezky-operator-platform-admins"
GROUP = "dezky-platform-admins"
OTHER_GROUP = "dezky-tenant-acme-admins"


def make_pk(*words: str) -> str:
    """Return the primary key of a thing: always the same for the same name."""
    return str(uuid5(NAMESPACE_URL, "https://demo.dezky.test/" + "/".join(words)))


@dataclass(frozen=True)
class Policy:
    """An expression policy."""

    name: str
    expression: str

    @property
    def pk(self) -> str:
        """Return its primary key."""
        return make_pk("policies", self.name)


@dataclass(frozen=True)
class Binding:
    """What binds a policy, or a group, to an application."""

    target: str
    policy: str | None = None
    group: str | None = None
    enabled: bool = True
    negate: bool = False
    failure_result: bool = False
    order: int = 0
    timeout: int = 30

    @property
    def pk(self) -> str:
        """Return its primary key."""
        return make_pk("bindings", self.target, self.policy or self.group or "")


@dataclass(frozen=True)
class RedirectURI:
    """One address that a provider may send codes to; `matching_mode` is strict or regex."""

    matching_mode: str
    url: str

    def accepts(self, url: str) -> bool:
        """Tell whether `url` matches."""
        return url == self.url if self.matching_mode == "strict" else re.fullmatch(self.url, url) is not None


@dataclass(frozen=True)
class Setup:
    """An application with its provider, as far as it can be changed."""

    engine_mode: str
    redirect_uris: tuple[RedirectURI, ...]
    has_signing_key: bool = True


@dataclass(frozen=True)
class State:
    """All of it at one moment; a change makes a new one."""

    setups: Mapping[str, Setup]
    policies: tuple[Policy, ...]
    bindings: tuple[Binding, ...]
    renamed_groups: Mapping[str, str]


class Configuration:
    """The live configuration, and the policy engine on top of it."""

    def __init__(self, applications: Mapping[str, Application]) -> None:
        """Begin as the blueprints leave it."""
        self._applications = applications
        self.state = self._as_in_git()

    def restore(self) -> None:
        """Apply the blueprints again."""
        self.state = self._as_in_git()

    def setup(self, application: Application) -> Setup:
        """Return an application's part."""
        return self.state.setups[application.slug]

    def bindings(self, slug: str) -> list[Binding]:
        """Return what is bound to an application, in its order."""
        return sorted((b for b in self.state.bindings if b.target == slug), key=lambda binding: binding.order)

    def group_name(self, name: str) -> str:
        """Return what a group of the demo is called now."""
        return self.state.renamed_groups.get(name, name)

    def admits(self, application: Application, groups: tuple[str, ...]) -> bool:
        """Tell whether members of `groups` may open an application, as authentik's policy engine decides.

        Bindings that are disabled do not count, and an application without any lets everybody in.
        """
        results = [self._passes(binding, groups) for binding in self.bindings(application.slug) if binding.enabled]
        if not results:
            return True
        return all(results) if self.setup(application).engine_mode == "all" else any(results)

    def accepts_redirect(self, application: Application, url: str | None) -> bool:
        """Tell whether codes may be sent to `url`."""
        return url is not None and any(uri.accepts(url) for uri in self.setup(application).redirect_uris)

    def _passes(self, binding: Binding, groups: tuple[str, ...]) -> bool:
        try:
            result = self._asks(binding, groups)
        except ExpressionError:
            result = binding.failure_result
        return result != binding.negate

    def _asks(self, binding: Binding, groups: tuple[str, ...]) -> bool:
        if binding.policy is None:
            return self.group_name(binding.group or "") in groups
        policy = next(policy for policy in self.state.policies if policy.name == binding.policy)
        return evaluate(policy.expression, groups)

    def _as_in_git(self) -> State:
        setups = {
            slug: Setup(
                engine_mode="all" if slug == OPERATOR else "any",
                redirect_uris=tuple(RedirectURI("strict", url) for url in sorted(application.redirect_uris)),
            )
            for slug, application in self._applications.items()
        }
        policies = (Policy(POLICY, blueprint_expression()),)
        return State(setups, policies, (Binding(OPERATOR, policy=POLICY),), {})


# --- What tests and demonstrations can change ---------------------------------------------------------


def change(configuration: Configuration, name: str) -> None:
    """Change the operator's gate in one of the ways that somebody at authentik could; see `CHANGES`.

    Raises:
        ValueError: there is no such change.

    """
    if name not in CHANGES:
        text = f"change is one of {', '.join(CHANGES)}"
        raise ValueError(text)
    state, changes = configuration.state, CHANGES[name]
    setup = replace(state.setups[OPERATOR], **changes.get("setup", {}))
    if changes.get("loosens_redirects"):
        loose = (RedirectURI("regex", re.escape(uri.url).replace("callback", ".*")) for uri in setup.redirect_uris)
        setup = replace(setup, redirect_uris=tuple(loose))
    bindings = [replace(b, **changes.get("binding", {})) if b.policy == POLICY else b for b in state.bindings]
    if changes.get("unbinds"):
        bindings = [binding for binding in bindings if binding.policy != POLICY]
    configuration.state = State(
        setups={**state.setups, OPERATOR: setup},
        policies=tuple(replace(policy, **changes.get("policy", {})) for policy in state.policies),
        bindings=(*bindings, *changes.get("more", ())),
        renamed_groups={**state.renamed_groups, **changes.get("groups", {})},
    )


_FOREIGN = Binding(OPERATOR, group=OTHER_GROUP, order=1)
CHANGES: dict[str, dict[str, Any]] = {
    "unbind_policy": {"unbinds": True},
    "disable_binding": {"binding": {"enabled": False}},
    "expression": {"policy": {"expression": "return True"}},
    "engine_mode": {"setup": {"engine_mode": "any"}},
    "second_binding": {"more": (_FOREIGN,)},
    "engine_mode_any_with_second_binding": {"setup": {"engine_mode": "any"}, "more": (_FOREIGN,)},
    "negate": {"binding": {"negate": True}},
    "failure_result": {"binding": {"failure_result": True}},
    "redirect_uri": {"loosens_redirects": True},
    "signing_key": {"setup": {"has_signing_key": False}},
    "rename_group": {"groups": {GROUP: f"{GROUP}-old"}},
}


class _Loader(yaml.SafeLoader):
    """Reads a blueprint; what its tags would look up is no matter here."""


_Loader.add_multi_constructor("!", lambda _loader, _tag, _node: None)


def blueprint_expression() -> str:
    """Return the expression of the operator's policy, as it stands in git."""
    document = yaml.load(BLUEPRINT.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a safe loader's child)
    for entry in document["entries"]:
        if (entry.get("identifiers") or {}).get("name") == POLICY:
            return str(entry["attrs"]["expression"])
    text = f"{BLUEPRINT.name} has no policy {POLICY}"
    raise LookupError(text)
