"""What the gate watch keeps: the last answer through an outage, one audit event and one mail for each turn."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django.fixtures import Settings

from operator_portal.enums import Check, GateState
from operator_portal.gates.findings import Finding
from operator_portal.gates.mail import mail_red
from operator_portal.gates.record import record_run
from operator_portal.gates.run import check_gates
from operator_portal.models import GateCheck, GateTransition
from tenants.models import AuditEvent
from tenants.scope import operator_scope
from tests.contract.identity_browser import IdentityProvider
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
_START = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)
_ACTIONS = ["gate:check:green", "gate:check:red"]


def keep(state: GateState, minutes: int) -> list[list[int]]:
    told: list[list[int]] = []
    finding = Finding(Check.BINDING, state, f"text at {minutes}", "wanted", f"found at {minutes}")
    record_run(findings=[finding], at=_START + timedelta(minutes=minutes), tell=told.append)
    return told


def events() -> list[str]:
    with operator_scope():
        found = AuditEvent.objects.filter(tenant=None, action__in=_ACTIONS).order_by("sequence")
        return list(found.values_list("action", flat=True))


def test_a_first_green_is_history_but_no_event() -> None:
    assert keep(GateState.GREEN, 0) == []
    assert events() == []
    assert list(GateTransition.objects.values_list("before", "after")) == [("", "green")]


def test_turning_red_is_told_and_audited_once_however_long_it_lasts() -> None:
    keep(GateState.GREEN, 0)
    (numbers,) = keep(GateState.RED, 5)
    assert [keep(GateState.RED, minutes) for minutes in (10, 15)] == [[], []]
    with operator_scope():
        (event,) = AuditEvent.objects.filter(action="gate:check:red")
    assert (event.tenant, event.actor_type, event.object_id, event.outcome) == (None, "system", "binding", "failure")
    assert event.changes[1] == {"field": "found", "before": "wanted", "after": "found at 5"}
    assert list(GateTransition.objects.filter(after="red").values_list("pk", flat=True)) == numbers
    check = GateCheck.objects.get()
    assert (check.since, check.checked_at) == (_START + timedelta(minutes=5), _START + timedelta(minutes=15))
    assert keep(GateState.GREEN, 20) == []
    assert events() == ["gate:check:red", "gate:check:green"]


def test_unknown_keeps_what_was_last_known_and_turns_nothing() -> None:
    keep(GateState.GREEN, 0)
    keep(GateState.RED, 5)
    for minutes in (10, 15):
        assert keep(GateState.UNKNOWN, minutes) == []
    check = GateCheck.objects.get()
    assert (check.state, check.known_state, check.known_text) == ("unknown", "red", "text at 5")
    assert (check.known_at, check.unknown_since) == (_START + timedelta(minutes=5), _START + timedelta(minutes=10))
    assert keep(GateState.RED, 20) == []
    check.refresh_from_db()
    assert (check.unknown_since, check.since) == (None, _START + timedelta(minutes=5))
    assert events() == ["gate:check:red"]


def test_a_first_red_is_told() -> None:
    assert len(keep(GateState.RED, 0)) == 1
    assert events() == ["gate:check:red"]


def test_what_is_no_longer_looked_at_goes_but_its_history_stays() -> None:
    keep(GateState.GREEN, 0)
    record_run(findings=[Finding(Check.GROUP, GateState.GREEN, "there")], at=_START, tell=lambda _: None)
    assert list(GateCheck.objects.values_list("check_name", flat=True)) == ["group"]
    assert GateTransition.objects.filter(check_name="binding").exists()


def test_a_run_that_fails_half_way_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_numbers: list[int]) -> None:
        raise RuntimeError("the queue is away")

    with pytest.raises(RuntimeError):
        record_run(findings=[Finding(Check.GROUP, GateState.RED, "gone")], at=_START, tell=fail)
    assert (GateCheck.objects.count(), GateTransition.objects.count(), events()) == (0, 0, [])


# --- The whole way, at the stand-in ----------------------------------------------------------------


def _jobs() -> list[dict[str, Any]]:
    jobs = ProcrastinateJob.objects.filter(task_name="operator_portal.gates.mail.mail_red").order_by("pk")
    return list(jobs.values_list("args", flat=True))


def test_a_gate_taken_away_is_mailed_once_to_every_active_platform_admin(
    gate: IdentityProvider, settings: Settings
) -> None:
    UserFactory(email="nora@dezky.test", is_platform_admin=True)
    UserFactory(email="henrik@dezky.test", is_platform_admin=True)
    UserFactory(email="gone@dezky.test", is_platform_admin=True, is_active=False)
    UserFactory(email="member@acme.test")
    check_gates()
    assert _jobs() == []
    gate.control("configure", change="disable_binding")
    check_gates()
    check_gates()
    (job,) = _jobs()
    assert mail_red(**job) == 2
    assert mail_red(**job) == 0  # a task that runs again
    (message,) = mail.outbox
    assert message.to == ["henrik@dezky.test", "nora@dezky.test"]
    assert message.subject == "The operator gate is not in place (3 findings)"
    assert "Expected: enabled: true\n  Found:    enabled: false" in message.body
    assert f"{settings.SITE_URL}/operator/gates/" in message.body
    gate.control("reset")
    check_gates()
    assert len(_jobs()) == 1
    assert sorted(events()) == ["gate:check:green"] * 3 + ["gate:check:red"] * 3


@pytest.mark.parametrize(
    "broken", ["nobody", "a b@dezky.test", "a@b@dezky.test", "olga@dezky.test, eve@evil.test", "@"]
)
def test_an_address_that_is_none_keeps_nobody_else_from_being_told(gate: IdentityProvider, broken: str) -> None:
    """Addresses are what the provider says they are."""
    UserFactory(email="nora@dezky.test", is_platform_admin=True)
    UserFactory(email=broken, is_platform_admin=True)
    gate.control("configure", change="failure_result")
    check_gates()
    (job,) = _jobs()
    assert mail_red(**job) == 1
    assert mail.outbox[0].to == ["nora@dezky.test"]


def test_a_mail_server_that_is_away_leaves_the_mail_to_be_sent(
    gate: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    UserFactory(email="nora@dezky.test", is_platform_admin=True)
    gate.control("configure", change="failure_result")
    check_gates()
    (job,) = _jobs()

    def away(_message: object, **_kwargs: object) -> int:
        raise smtplib.SMTPServerDisconnected("away")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", away)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            mail_red(**job)
    assert mail_red(**job) == 1
    assert mail_red.retry_strategy.max_attempts == 10  # type: ignore[union-attr]


def test_an_outage_keeps_the_last_answer_of_each_check(gate: IdentityProvider) -> None:
    """Must show 6: unknown never overwrites what was known."""
    gate.control("configure", change="expression")
    check_gates()
    before = dict(GateCheck.objects.values_list("check_name", "known_state"))
    gate.control("down")
    check_gates()
    assert dict(GateCheck.objects.values_list("check_name", "known_state")) == before
    assert before[Check.EXPRESSION] == "red"
    expression = GateCheck.objects.get(pk=Check.EXPRESSION)
    assert (expression.state, expression.unknown_since) == ("unknown", expression.checked_at)
    assert expression.known_at is not None
    assert expression.known_at < expression.checked_at
    assert GateCheck.objects.get(pk=Check.VIEW_GUARD).state == "green"
