"""How long a webhook waits for its acknowledgement, and how long a single INSERT does at the same time."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

from devstack.payments import API_VERSION
from devstack.payments.deliveries import signature

WEBHOOK, INSERT = "/stripe/webhook/", "/bench/insert/"
_PADDING = "x" * 3000  # an event of Stripe's has some 4 kB


@dataclass
class Target:
    """A running bench site; `sent` are the events that it acknowledged."""

    port: int
    secret: str
    customers: Sequence[str]
    sent: list[str] = field(default_factory=list)

    def event(self, number: int) -> tuple[str, bytes]:
        """Return a new event about one of the customers: its id and its body."""
        event_id = f"evt_ack{uuid4().hex}"
        customer = self.customers[number % len(self.customers)]
        content = {
            "id": event_id,
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "data": {"object": {"id": customer, "object": "customer", "description": _PADDING}},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": "customer.updated",
        }
        return event_id, json.dumps(content, indent=2).encode()


@dataclass(frozen=True)
class Round:
    """The milliseconds of as many webhooks as INSERTs, sent in turns over the same connections."""

    webhooks: list[float]
    inserts: list[float]

    def ratio(self, share: float) -> float:
        """Return by how much a webhook takes longer, at this share of all requests."""
        return percentile(self.webhooks, share) / percentile(self.inserts, share)


@dataclass(frozen=True)
class Rounds:
    """Several rounds; a slow moment of the machine spoils one of them, and the median is not moved."""

    rounds: list[Round]

    def ratio(self, share: float) -> float:
        """Return the median of the rounds' ratios."""
        return statistics.median(each.ratio(share) for each in self.rounds)

    def describe(self) -> str:
        """Return the figures in words."""
        webhooks = [ms for each in self.rounds for ms in each.webhooks]
        inserts = [ms for each in self.rounds for ms in each.inserts]
        parts = [
            f"{name} {percentile(webhooks, share):.1f} ms against {percentile(inserts, share):.1f} ms, "
            f"ratio {self.ratio(share):.2f}"
            for name, share in (("p50", 0.5), ("p99", 0.99))
        ]
        return f"{len(webhooks)} webhooks and INSERTs each: {'; '.join(parts)} (medians of {len(self.rounds)} rounds)"


def percentile(times: Sequence[float], share: float) -> float:
    """Return the time that this share of them does not exceed."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def measure(target: Target, *, rounds: int, pairs: int, connections: int = 4) -> Rounds:
    """Send `pairs` webhooks and INSERTs a connection and round.

    Raises:
        ValueError: something was not answered with 200.
    """
    with ThreadPoolExecutor(connections) as pool:
        _round(pool, target, connections, 3)  # each process of the web has seen both once
        return Rounds([_round(pool, target, connections, pairs) for _ in range(rounds)])


def _round(pool: ThreadPoolExecutor, target: Target, connections: int, pairs: int) -> Round:
    found = list(pool.map(lambda number: _pairs(target, number, pairs), range(connections)))
    return Round([ms for webhooks, _ in found for ms in webhooks], [ms for _, inserts in found for ms in inserts])


def _pairs(target: Target, number: int, pairs: int) -> tuple[list[float], list[float]]:
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)
    times: dict[str, list[float]] = {WEBHOOK: [], INSERT: []}
    numbers = count(number * pairs)
    try:
        for turn in range(pairs):
            event_id, body = target.event(next(numbers))
            header = signature(body, [target.secret], int(time.time()))
            for path in (WEBHOOK, INSERT) if turn % 2 else (INSERT, WEBHOOK):
                times[path].append(_post(connection, path, body, header))
            target.sent.append(event_id)
    finally:
        connection.close()
    return times[WEBHOOK], times[INSERT]


def _post(connection: http.client.HTTPConnection, path: str, body: bytes, header: str) -> float:
    started = time.perf_counter()
    connection.request("POST", path, body, {"Content-Type": "application/json", "Stripe-Signature": header})
    answer = connection.getresponse()
    answer.read()
    if answer.status != http.HTTPStatus.OK:
        message = f"{path} answered {answer.status}"
        raise ValueError(message)
    return (time.perf_counter() - started) * 1000
