"""Must show: events drain without a lost or doubled effect while worker and PostgreSQL are killed in turn.

They come of a real business at the payments stand-in (subscriptions, changes of seats, invoices, charges) and by its
own webhooks, all at once (W1, W2, W3). `bin/dezky prove inbox` runs this at its full counts.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import psycopg
import pytest

from devstack import processes
from tests.e2e import stack as stacks
from tests.e2e import web_server
from tests.e2e.card_desk import post_to_stripe
from tests.e2e.stack import ROOT, Stack, wait_until
from tests.e2e.test_inbox_load import behaving, payments
from tests.e2e.web_server import Mutation

pytestmark = [pytest.mark.stack, pytest.mark.proof]

_IS_FULL = os.environ.get("DEZKY_PROVE") == "full"
CUSTOMERS, CHANGES, KILLS = (50, 16, 8) if _IS_FULL else (6, 4, 2)
EVENTS = 10_000 if _IS_FULL else 150
# Five ends of a service within a minute are taken for a fault that does not go away.
PAUSE_SECONDS = 25.0 if _IS_FULL else 2.0
DRAIN_SECONDS = 3000.0 if _IS_FULL else 200.0
_APPLY = "        return _note(events, sync.customer(customer_id, _wanted(events)))"
_MARKS_FIRST = Mutation("billing.applying", ((_APPLY, f"        _note(events, None, is_general=True)\n{_APPLY}"),))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Give a Dezky that may be killed."""
    running = os.environ.get("DEZKY_E2E_DIR")
    if running:  # while tests are being written
        yield stacks.running(Path(running))
        return
    stack = stacks.start(tmp_path_factory.mktemp("inbox") / "data")
    yield stack
    stacks.stop(stack)


class Business:
    """Customers at Stripe and their workspaces here."""

    def __init__(self, stack: Stack) -> None:
        """Begin with none."""
        self._stack = stack
        self.tenants: dict[str, UUID] = {}
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.events_before = self._events()

    def post(self, path: str, **params: Any) -> dict[str, Any]:
        """Do something at Stripe."""
        return post_to_stripe(self._stack, path, **params)

    def win(self, number: int) -> str:
        """Make a workspace, its customer with a card, and its subscription; return the customer."""
        tenant_id, slug = uuid4(), f"load-{number}-{uuid4().hex[:8]}"
        columns = self._stack.value(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
            " WHERE table_name = 'tenants_tenant' AND column_name NOT IN ('id', 'slug', 'name')"
        )
        query = f"INSERT INTO tenants_tenant (id, slug, name, {columns}) SELECT %s, %s, %s, {columns} "
        self._stack.change(query + "FROM tenants_tenant WHERE slug = 'acme'", tenant_id, slug, slug)
        made = self.post(
            "customers",
            name=slug,
            email=f"{slug}@load.test",
            address={"country": "DK"},
            metadata={"djstripe_subscriber": str(tenant_id)},
        )
        customer = str(made["id"])
        intent = self.post("setup_intents", customer=customer, payment_method="pm_card_visa", confirm=True)
        settings = {"default_payment_method": intent["payment_method"]}
        self.post(f"customers/{customer}", invoice_settings=settings)
        items = [{"price": "price_DezkyBusiness", "quantity": 5}]
        self.subscriptions[customer] = self.post("subscriptions", customer=customer, items=items)
        self.tenants[customer] = tenant_id
        return customer

    def change_seats(self, customer: str, seats: int) -> None:
        """Change the seats, and have that billed at once."""
        subscription = self.subscriptions[customer]
        item = subscription["items"]["data"][0]["id"]
        path = f"subscriptions/{subscription['id']}"
        self.post(path, items=[{"id": item, "quantity": seats}], proration_behavior="always_invoice")

    def events(self) -> list[str]:
        """Return the ids of all events that came of it."""
        return sorted(self._events() - self.events_before)

    def objects(self, kind: str) -> list[dict[str, Any]]:
        """Return its objects as Stripe has them."""
        with self._stack.database() as connection:
            query = "SELECT content FROM payments_standin.objects WHERE kind = %s AND content ->> 'customer' = ANY(%s)"
            return [row[0] for row in connection.execute(query, [kind, list(self.tenants)]).fetchall()]

    def _events(self) -> set[str]:
        with self._stack.database() as connection:
            rows = connection.execute("SELECT id FROM payments_standin.objects WHERE kind = 'event'").fetchall()
        return {row[0] for row in rows}


def _states(stack: Stack, ids: list[str]) -> dict[str, int]:
    with stack.database() as connection:
        query = "SELECT state, count(*) FROM billing_webhookevent WHERE id = ANY(%s) GROUP BY state"
        return dict(connection.execute(query, [ids]).fetchall())


def _is_settled(stack: Stack, ids: list[str]) -> bool:
    try:
        found = _states(stack, ids)
    except psycopg.Error:  # killed at this moment
        return False
    return sum(found.values()) == len(ids) and found.keys() <= {"done", "ignored"}


def _kill(stack: Stack, *words: str) -> None:
    for process in stack.children(*words):
        process.kill()


def _subjects(stack: Stack) -> Counter[str]:
    """Return the subjects of the mails, each as often as it came."""
    (path,) = stack.directory.glob("**/mail*.sqlite3")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return Counter(
            row[0] for row in connection.execute("SELECT subject FROM mail WHERE recipients LIKE '%@load.%'")
        )
    finally:
        connection.close()


def _waiting_business(stack: Stack, customers: int, changes: int) -> Business:
    """Let a business be lived at Stripe whose webhooks have yet to come."""
    payments(stack, action="webhooks", pause=True)
    business = Business(stack)
    for number in range(customers):
        business.win(number)
    for seats in range(6, 6 + changes):
        for customer in business.tenants:
            business.change_seats(customer, seats)
    return business


def test_events_drain_while_worker_and_postgresql_are_killed(own: Stack) -> None:
    business = _waiting_business(own, CUSTOMERS, CHANGES)
    ids = business.events()
    assert len(ids) >= EVENTS
    before = _subjects(own)

    payments(own, action="webhooks", pause=False, retry_seconds=0.2)
    started, kills = time.monotonic(), 0
    while kills < KILLS:
        time.sleep(PAUSE_SECONDS)
        _kill(own, *(("procrastinate",) if kills % 2 == 0 else ("postgres", "-D")))
        kills += 1
    wait_until(lambda: _is_settled(own, ids), seconds=DRAIN_SECONDS, what="every event is applied", every_seconds=0.5)
    seconds = time.monotonic() - started

    _is_as_stripe_says(own, business)
    numbers = _each_paid_invoice_is_told_once(own, business)
    doubled = _mails_come(own, business, numbers, before)
    assert sum(doubled.values()) <= kills, "a mail comes twice only for a worker that died"
    print(  # noqa: T201 - for `bin/dezky prove`
        f"inbox: {len(ids)} events of {CUSTOMERS} customers through {kills} kills in {seconds:.0f} s: "
        f"{_states(own, ids)}, {len(numbers)} receipts, {len(doubled)} of them twice"
    )


def test_two_workers_drain_at_once(own: Stack) -> None:
    """Whoever finds that the other has written meanwhile asks again."""
    business = _waiting_business(own, 4, 3)
    ids = business.events()
    before = _subjects(own)
    (worker,) = own.children("procrastinate")
    newest = "SELECT max(id) FROM procrastinate_workers"
    known = own.value(newest)
    with _another(own, worker, None):
        wait_until(lambda: own.value(newest) > known, seconds=60, what="the other worker is there")
        payments(own, action="webhooks", pause=False)
        while not _is_settled(own, ids):
            _drain_now(own, lock=None)
            time.sleep(0.05)
        _is_as_stripe_says(own, business)
        numbers = _each_paid_invoice_is_told_once(own, business)
        # Before the other one is killed: it could be between sending a mail and marking it.
        assert _mails_come(own, business, numbers, before) == {}


def _mails_come(stack: Stack, business: Business, numbers: list[str], before: Counter[str]) -> dict[str, int]:
    """Wait for the receipts; return those that came more than once, with how many were too many."""
    expected = {f"Receipt for invoice {number}" for number in numbers}
    wait_until(
        lambda: expected <= (_subjects(stack) - before).keys() and not _unsent(stack, business),
        seconds=DRAIN_SECONDS,
        what="all mails are there",
        every_seconds=0.5,
    )
    came = _subjects(stack) - before
    assert came.keys() == expected
    return {subject: times - 1 for subject, times in came.items() if times > 1}


def _is_as_stripe_says(stack: Stack, business: Business) -> None:
    theirs = {
        each["customer"]: (each["status"], each["items"]["data"][0]["quantity"])
        for each in business.objects("subscription")
    }
    with stack.database() as connection:
        query = "SELECT customer_id, status, seats FROM billing_billingaccount WHERE customer_id = ANY(%s)"
        ours = {row[0]: (row[1], row[2]) for row in connection.execute(query, [list(theirs)]).fetchall()}
        query = "SELECT stripe_id, status, amount_paid_minor FROM billing_invoice WHERE tenant_id = ANY(%s)"
        invoices = {row[0]: row[1:] for row in connection.execute(query, [list(business.tenants.values())]).fetchall()}
    assert ours == theirs
    assert invoices == {each["id"]: (each["status"], each["amount_paid"]) for each in business.objects("invoice")}


def _each_paid_invoice_is_told_once(stack: Stack, business: Business) -> list[str]:
    """Demand one line of the log and one promise of a mail for each paid invoice; return their numbers."""
    paid = {
        each["id"]: each["number"]
        for each in business.objects("invoice")
        if each["status"] == "paid" and each["amount_paid"]
    }
    tenants = list(business.tenants.values())
    with stack.database() as connection:
        query = "SELECT object_id FROM tenants_auditevent WHERE action = 'billing:invoice:paid' AND tenant_id = ANY(%s)"
        logged = Counter(row[0] for row in connection.execute(query, [tenants]).fetchall())
        query = "SELECT subject FROM billing_billingnotice WHERE kind = 'receipt' AND tenant_id = ANY(%s)"
        promised = Counter(row[0] for row in connection.execute(query, [tenants]).fetchall())
    assert logged == promised == Counter(paid.keys())
    return list(paid.values())


def _unsent(stack: Stack, business: Business) -> int:
    query = "SELECT count(*) FROM billing_billingnotice WHERE sent_at IS NULL AND tenant_id = ANY(%s)"
    return int(stack.value(query, list(business.tenants.values())))


@contextmanager
def _held_still(stack: Stack) -> Iterator[psutil.Process]:
    """Let the stack's own worker do nothing for a while."""
    (worker,) = stack.children("procrastinate")
    worker.send_signal(signal.SIGSTOP)
    try:
        yield worker
    finally:
        worker.send_signal(signal.SIGCONT)


@contextmanager
def _another(stack: Stack, original: psutil.Process, mutation: Mutation | None) -> Iterator[psutil.Process]:
    """Run a worker like the stack's own, or a mutant of it."""
    variables = original.environ()
    if mutation:
        path = os.pathsep.join([str(web_server.MUTANT), str(ROOT)])
        variables |= {"PYTHONPATH": path, "DEZKY_TEST_MUTATION": json.dumps(vars(mutation))}
    with (stack.directory / "log" / "another-worker.log").open("wb") as output:
        process = subprocess.Popen(
            original.cmdline(), cwd=ROOT, env=variables, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        processes.end_group(process.pid)
        process.wait()


@pytest.mark.parametrize("mutation", [None, _MARKS_FIRST], ids=["as it is", "marks first"])
def test_a_worker_killed_between_asking_and_keeping_loses_nothing(own: Stack, mutation: Mutation | None) -> None:
    """With the mutant: so the test above can fail."""
    business = Business(own)
    customer = business.win(0)
    wait_until(lambda: _is_settled(own, business.events()), seconds=DRAIN_SECONDS, what="the customer is known")
    with _held_still(own) as worker:
        business.change_seats(customer, 9)
        ids = business.events()
        wait_until(lambda: sum(_states(own, ids).values()) == len(ids), seconds=60, what="all webhooks are there")
        with behaving(own, {"action": "slow", "seconds": 0.7}), _another(own, worker, mutation) as other:
            wait_until(lambda: _is_asked(own, customer, mutation), seconds=60, what="the drain is under way")
            other.kill()
    _drain_now(own)
    wait_until(lambda: _is_settled(own, ids), seconds=DRAIN_SECONDS, what="every event is applied")

    seats = own.value("SELECT seats FROM billing_billingaccount WHERE customer_id = %s", customer)
    assert seats == (9 if mutation is None else 5)


def _is_asked(stack: Stack, customer: str, mutation: Mutation | None) -> bool:
    """Return whether a worker is at this customer's events, as far as can be seen from outside."""
    states = "SELECT count(*) FROM billing_webhookevent WHERE customer_id = %s AND type = %s AND state = %s"
    updated = ("customer.subscription.updated", "done" if mutation else "received")
    is_doing = "SELECT count(*) FROM procrastinate_jobs WHERE queueing_lock = 'billing.inbox' AND status = 'doing'"
    return bool(stack.value(states, customer, *updated)) and bool(stack.value(is_doing))


def _drain_now(stack: Stack, lock: str | None = "billing.inbox") -> None:
    """Let a minute pass; without the lock there can be several of these."""
    with suppress(psycopg.errors.UniqueViolation):
        stack.change(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args)"
            " VALUES ('default', 'billing.tasks.drain_inbox', %s, '{\"timestamp\": 0}')",
            lock,
        )
