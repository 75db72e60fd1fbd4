"""The page and the API of the gates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import OIDCSession
from operator_portal.enums import Check, GateState
from operator_portal.gates.findings import Finding
from operator_portal.gates.record import record_run
from operator_portal.gates.selectors import gates
from tests.factories import UserFactory
from tests.fixtures.people import SignIn

_NOW = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)
_EVERY = [Finding(check, GateState.GREEN, f"{check} holds") for check in Check]


type Traveller = time_machine.Traveller


@pytest.fixture(autouse=True)
def clock() -> Iterator[Traveller]:
    """Let it be the moment of the runs."""
    with time_machine.travel(_NOW, tick=True) as clock:
        yield clock


@pytest.fixture
def browser(sign_in: SignIn, clock: Traveller) -> Client:
    return sign_in(UserFactory(is_platform_admin=True), "operator")


def run(*changed: Finding, at: datetime = _NOW) -> None:
    by_check = {finding.check: finding for finding in changed}
    record_run(findings=[by_check.get(f.check, f) for f in _EVERY], at=at, tell=lambda _numbers: None)


def page(browser: Client, query: str = "") -> str:
    answer = browser.get(f"/operator/gates/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_before_the_first_run_nobody_has_looked(browser: Client) -> None:
    assert "Nobody has looked yet" in page(browser)
    assert gates().state == GateState.UNKNOWN


def test_all_green_says_so_for_each_layer(browser: Client) -> None:
    run()
    text = page(browser)
    assert "All three layers are in place" in text
    assert [f"Layer {number}:" in text for number in (1, 2, 3, 4)] == [True, True, True, False]


def test_a_red_check_names_its_layer_and_both_sides(browser: Client) -> None:
    run()
    run(Finding(Check.EXPRESSION, GateState.RED, "Asks something else.", "as in git", "return <True>"))
    text = page(browser)
    assert "The gate is not in place" in text
    assert "Layer 1 does not hold as it should." in text
    assert ("as in git" in text, "return &lt;True&gt;" in text, "return <True>" in text) == (True, True, False)
    assert [layer.state for layer in gates().layers] == [GateState.RED, GateState.GREEN, GateState.GREEN]


def test_unknown_shows_since_when_and_what_was_last_known(browser: Client) -> None:
    run()
    later = _NOW + timedelta(minutes=5)
    run(Finding(Check.GROUP, GateState.UNKNOWN, "authentik does not answer."), at=later)
    (provider, *_others) = gates().layers
    assert (provider.state, provider.since, provider.known_state) == (GateState.UNKNOWN, later, GateState.GREEN)
    assert provider.known_at == _NOW
    text = page(browser)
    assert ("Not everything is known" in text, "Last known: in place," in text) == (True, True)


@pytest.mark.django_db
def test_a_layer_that_is_red_in_part_is_red_whatever_else_is_unknown() -> None:
    run(Finding(Check.GROUP, GateState.RED, "gone"), Finding(Check.BINDING, GateState.UNKNOWN, "away"))
    assert [layer.state for layer in gates().layers] == [GateState.RED, GateState.GREEN, GateState.GREEN]


def test_check_now_enqueues_one_run_and_the_page_follows_it(browser: Client) -> None:
    run(at=timezone.now())
    first = browser.post("/operator/gates/check/")
    second = browser.post("/operator/gates/check/", headers={"HX-Request": "true"})
    assert first.status_code == 302
    assert (second.status_code, second["HX-Redirect"].split("=")[0]) == (204, "/operator/gates/?asked")
    jobs = ProcrastinateJob.objects.filter(task_name="operator_portal.gates.tasks.watch_gates")
    assert [job.queueing_lock for job in jobs] == ["operator_portal.watch_gates"]
    query = first["Location"].removeprefix("/operator/gates/")
    assert ("Checking now" in page(browser, query), 'hx-trigger="every 2s"' in page(browser, query)) == (True, True)
    run(at=timezone.now())
    assert ("Checking now" in page(browser, query), 'hx-trigger="every 2s"' in page(browser, query)) == (False, False)


def test_a_check_that_does_not_come_back_is_said_to_be_late(browser: Client) -> None:
    asked = int((timezone.now() - timedelta(seconds=31)).timestamp() * 1000)
    text = page(browser, f"?asked={asked}")
    assert ("The check has not come back" in text, 'hx-trigger="every 2s"' in text) == (True, False)


@pytest.mark.parametrize("asked", ["x", "-1", "9" * 14, "١٢"])
def test_a_nonsense_moment_is_none(browser: Client, asked: str) -> None:
    assert "Checking now" not in page(browser, f"?asked={asked}")


def test_the_api_tells_the_same(browser: Client) -> None:
    assert browser.get("/api/v1/operator/gates").json() == {"state": "unknown", "checked_at": None, "layers": []}
    run(Finding(Check.GROUP, GateState.RED, "gone", "dezky-platform-admins", "no such group"))
    told = browser.get("/api/v1/operator/gates").json()
    assert (told["state"], [layer["state"] for layer in told["layers"]]) == ("red", ["red", "green", "green"])
    (group,) = [check for check in told["layers"][0]["checks"] if check["check"] == "group"]
    assert (group["state"], group["actual"], group["known_at"]) == ("red", "no such group", "2026-01-02T03:00:00Z")


def test_what_nobody_has_looked_at_since_is_not_called_green(browser: Client, clock: Traveller) -> None:
    """A worker that has died finds nothing red, either."""
    run()
    clock.move_to(_NOW + timedelta(minutes=14))
    assert gates().state == GateState.GREEN
    clock.move_to(_NOW + timedelta(minutes=16))
    OIDCSession.objects.update(confirmed_at=timezone.now())
    text = page(browser)
    assert ("All three layers are in place" in text, "Not everything is known" in text) == (False, True)
    assert "Last known: in place," in text
    told = browser.get("/api/v1/operator/gates").json()
    assert (told["state"], {layer["state"] for layer in told["layers"]}) == ("unknown", {"unknown"})
    assert {layer["known_state"] for layer in told["layers"]} == {"green"}


def test_what_was_red_when_somebody_last_looked_stays_red(browser: Client, clock: Traveller) -> None:
    run(Finding(Check.GROUP, GateState.RED, "gone"))
    clock.move_to(_NOW + timedelta(hours=5))
    assert [layer.state for layer in gates().layers] == [GateState.RED, GateState.UNKNOWN, GateState.UNKNOWN]
