"""What one look at one thing has found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from operator_portal.enums import Check, GateState


@dataclass(frozen=True)
class Finding:
    """What a check found, in words; of a red one also what was expected and what is."""

    check: Check
    state: GateState
    text: str
    expected: str = ""
    actual: str = ""


def judge(check: Check, *, holds: bool, good: str, bad: str, expected: str = "", actual: str = "") -> Finding:
    """Return green with `good`, or red with `bad`."""
    if holds:
        return Finding(check, GateState.GREEN, good, expected, actual)
    return Finding(check, GateState.RED, bad, expected, actual)


def unknown(checks: Iterable[Check], reason: str) -> list[Finding]:
    """Return that nothing is known of these, and why."""
    return [Finding(check, GateState.UNKNOWN, reason) for check in checks]


def state_of(states: Iterable[str]) -> GateState:
    """Return what is known of a whole: red if any part is, green if every part is; of no part, nothing."""
    found = set(states)
    if GateState.RED in found:
        return GateState.RED
    return GateState.GREEN if found == {GateState.GREEN} else GateState.UNKNOWN
