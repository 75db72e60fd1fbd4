"""Writes what was found: the last state of each check, what changed, and who has to be told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction

from operator_portal.enums import Check, GateState
from operator_portal.gates.findings import Finding
from operator_portal.models import GateCheck, GateTransition
from tenants import audit
from tenants.audit import SYSTEM, Change, Thing
from tenants.enums import AuditAction, Outcome

_LOCK = 727_003
_ACTIONS = {GateState.RED: AuditAction.GATE_RED, GateState.GREEN: AuditAction.GATE_GREEN}


def record_run(*, findings: list[Finding], at: datetime, tell: Callable[[list[int]], object]) -> list[GateTransition]:
    """Keep what one run found, and return what turned; all of it stands or nothing does.

    `tell` is called in the same transaction with the numbers of what turned red, if anything did. A check
    that this run did not look at is no longer configured: its last state goes, its history stays.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:  # two runs at once: the later one sees what the earlier one kept
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        known = {check.check_name: check for check in GateCheck.objects.order_by("pk")}
        turned = [
            transition
            for position, finding in enumerate(findings)
            if (transition := _keep(finding, position, known.pop(finding.check, None), at))
        ]
        GateCheck.objects.filter(pk__in=known).delete()
        red = [transition.pk for transition in turned if transition.after == GateState.RED]
        if red:
            tell(red)
    return turned


def _keep(finding: Finding, position: int, kept: GateCheck | None, at: datetime) -> GateTransition | None:
    check = kept or GateCheck(check_name=finding.check, changed_at=at)
    check.layer, check.position = Check(finding.check).layer, position
    if check.state != finding.state:
        check.changed_at = at
    check.state, check.text, check.checked_at = finding.state, finding.text, at
    if finding.state == GateState.UNKNOWN:
        check.unknown_since = check.unknown_since or at
        check.save()
        return None
    before = check.known_state
    check.known_state, check.known_text, check.known_at = finding.state, finding.text, at
    check.expected, check.actual, check.unknown_since = finding.expected, finding.actual, None
    if before != finding.state:
        check.since = at
    check.save()
    return None if before == finding.state else _turn(finding, before, at)


def _turn(finding: Finding, before: str, at: datetime) -> GateTransition:
    transition = GateTransition.objects.create(
        check_name=finding.check,
        before=before,
        after=finding.state,
        at=at,
        text=finding.text,
        expected=finding.expected,
        actual=finding.actual,
    )
    if before or finding.state == GateState.RED:  # a first green is how things should be: no event
        audit.record(
            tenant=None,
            action=_ACTIONS[finding.state],
            by=SYSTEM,
            thing=Thing(type="gate", id=finding.check, label=Check(finding.check).label),
            changes=(Change("state", before, finding.state), Change("found", finding.expected, finding.actual)),
            outcome=Outcome.FAILURE if finding.state == GateState.RED else Outcome.SUCCESS,
        )
    return transition
