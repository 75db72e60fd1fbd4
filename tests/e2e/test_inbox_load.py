"""Must show: a webhook is acknowledged at the price of a few INSERTs, whatever Stripe is like at that moment.

Webhooks and single INSERTs of a view beside them go in turns over the same connections of the same web server, and
what is compared is the median of the rounds' ratios: other people's load falls on both sides (W1, W5).
`bin/dezky prove inbox` runs this at its full counts.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from devstack import data_dir as data
from devstack.bench_site.acks import Rounds, Target, measure
from tests.e2e import web_server
from tests.e2e.stack import ROOT, Stack, wait_until
from tests.e2e.web_server import Mutation, WebServer

pytestmark = [pytest.mark.alone, pytest.mark.proof]

_IS_FULL = os.environ.get("DEZKY_PROVE") == "full"
ROUNDS, PAIRS = (25, 50) if _IS_FULL else (5, 10)
MOST = 3.0
DRAIN_SECONDS = 240.0
_SITE = {"DJANGO_SETTINGS_MODULE": "devstack.bench_site.settings"}
_BEHAVIOURS: dict[str, dict[str, Any] | None] = {
    "as usual": None,
    "down": {"action": "down"},
    "429": {"action": "rate_limit", "per_second": 0},
    "slow": {"action": "slow", "seconds": 2},
}
_KEEP = "    if _insert(event):\n        call_worker()"
_APPLY = """    if _insert(event):
        from contextlib import suppress
        from billing import sync
        with suppress(Exception):
            sync.customer(event.customer_id)"""
_APPLIES = Mutation("billing.inbox", ((_KEEP, _APPLY),))


def payments(stack: Stack, **order: Any) -> None:
    """Steer the payments stand-in."""
    url = f"http://127.0.0.1:{stack.port + 2}/_control"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(order).encode()), timeout=120) as answer:
        assert answer.status == 200


@contextmanager
def behaving(stack: Stack, order: dict[str, Any] | None) -> Iterator[None]:
    """Let Stripe misbehave for a while."""
    if order:
        payments(stack, **order)
    try:
        yield
    finally:
        payments(stack, action="normal")
        payments(stack, action="rate_limit")


def _target(stack: Stack, server: WebServer) -> Target:
    with stack.database() as connection:
        rows = connection.execute(
            # Of those that Stripe knows too: other tests leave workspaces behind whose customer is made up.
            "SELECT customer_id FROM billing_billingaccount b"
            " JOIN payments_standin.objects o ON o.id = b.customer_id AND o.kind = 'customer'"
        ).fetchall()
    secret = data.read(stack.directory / "secrets.json")["STRIPE_WEBHOOK_SECRET"]
    return Target(server.port, secret, [row[0] for row in rows])


def _states(stack: Stack, target: Target) -> dict[str, int]:
    with stack.database() as connection:
        query = "SELECT state, count(*) FROM billing_webhookevent WHERE id = ANY(%s) GROUP BY state"
        return dict(connection.execute(query, [target.sent]).fetchall())


def _note(what: str, measured: Rounds) -> None:
    """Print a figure."""
    print(f"inbox, {what}: {measured.describe()}")  # noqa: T201 - for `bin/dezky prove`


def test_an_acknowledgement_costs_at_most_three_inserts(stack: Stack) -> None:
    with web_server.another(stack, **_SITE) as server:
        target = _target(stack, server)
        for name, order in _BEHAVIOURS.items():
            with behaving(stack, order):
                measured = measure(target, rounds=ROUNDS, pairs=PAIRS)
                kept = _states(stack, target)
            _note(f"Stripe {name}", measured)
            assert measured.ratio(0.99) <= MOST, name
            assert sum(kept.values()) == len(target.sent), "each acknowledged event is kept"

        seconds = wait_until(
            lambda: _states(stack, target) == {"done": len(target.sent)},
            seconds=DRAIN_SECONDS,
            what="the inbox is empty",
            every_seconds=0.5,
        )
    print(f"inbox: all {len(target.sent)} are applied {seconds:.1f} s after Stripe is back")  # noqa: T201


def test_the_bound_sees_an_inbox_that_asks_stripe_first(stack: Stack) -> None:
    """So the test above can fail."""
    path = os.pathsep.join([str(web_server.MUTANT), str(ROOT)])
    variables = _SITE | {"PYTHONPATH": path, "DEZKY_TEST_MUTATION": json.dumps(vars(_APPLIES))}
    with (
        web_server.another(stack, **variables) as server,
        behaving(stack, {"action": "slow", "seconds": 0.2}),
    ):
        measured = measure(_target(stack, server), rounds=2, pairs=2)
    _note("applied inside the request", measured)
    assert measured.ratio(0.99) > MOST
