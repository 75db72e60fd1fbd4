"""Reads of the gate watch, shaped as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from operator_portal.enums import GateState, Layer
from operator_portal.gates.findings import state_of
from operator_portal.models import GateCheck, GateTransition

HISTORY_SIZE = 20
STALE_AFTER = timedelta(minutes=15)  # three runs that did not come


@dataclass(frozen=True)
class GateLayer:
    """One layer with its checks, of which there is at least one."""

    layer: Layer
    checks: list[GateCheck]

    @property
    def number(self) -> int:
        """Return which of the three it is."""
        return int(self.layer)

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self.layer.label

    @property
    def state(self) -> GateState:
        """Return what is known of it now."""
        return state_of(check.state for check in self.checks)

    @property
    def state_label(self) -> str:
        """Return the same in words."""
        return self.state.label

    @property
    def since(self) -> datetime | None:
        """Return since when it is so: for unknown and red the oldest reason, for green the last to turn."""
        if self.state is GateState.UNKNOWN:
            return min(check.unknown_since for check in self.checks if check.unknown_since)
        reasons = [check.since for check in self.checks if check.state == self.state and check.since]
        return min(reasons) if self.state is GateState.RED else max(reasons)

    @property
    def known_state(self) -> GateState:
        """Return what was last known of it, be it now or before authentik went away."""
        return state_of(check.known_state or GateState.UNKNOWN for check in self.checks)

    @property
    def known_state_label(self) -> str:
        """Return the same in words."""
        return self.known_state.label

    @property
    def known_at(self) -> datetime | None:
        """Return when all of it was last known; None if it never was."""
        times = [check.known_at for check in self.checks]
        return None if None in times else min(time for time in times if time)


@dataclass(frozen=True)
class Gates:
    """All layers that were looked at; none before the first run."""

    layers: list[GateLayer]

    @property
    def state(self) -> GateState:
        """Return what is known of the whole gate."""
        return state_of(layer.state for layer in self.layers)

    @property
    def state_label(self) -> str:
        """Return the same in words."""
        return self.state.label

    @property
    def checked_at(self) -> datetime | None:
        """Return when the last run was."""
        return max((check.checked_at for layer in self.layers for check in layer.checks), default=None)

    @property
    def bad_layers(self) -> list[GateLayer]:
        """Return the layers that are not in place."""
        return [layer for layer in self.layers if layer.state is GateState.RED]


def gates() -> Gates:
    """Return the last state of every layer; green only as long as somebody has looked lately."""
    checks = [_as_of(timezone.now(), check) for check in GateCheck.objects.order_by("layer", "position")]
    layers = [GateLayer(layer, [check for check in checks if check.layer == layer]) for layer in Layer]
    return Gates([layer for layer in layers if layer.checks])


def _as_of(now: datetime, check: GateCheck) -> GateCheck:
    """Return a check as it is known at `now`: a green that is not looked at any more says nothing of this moment."""
    if check.state == GateState.GREEN and now - check.checked_at > STALE_AFTER:
        check.state, check.unknown_since = GateState.UNKNOWN, check.checked_at + STALE_AFTER
        check.text = "Nobody has looked since: see whether the worker is running."
    return check


def history() -> list[GateTransition]:
    """Return what turned last, newest first; that something was in place at the first look is no turn."""
    turned = GateTransition.objects.exclude(before="", after=GateState.GREEN)
    return list(turned.order_by("-at", "-id")[:HISTORY_SIZE])
