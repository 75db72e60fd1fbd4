"""Webhooks on their way: signed, sent again until they are taken, and made to misbehave on demand."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from devstack.payments import webhooks
from devstack.payments.objects import Object
from devstack.payments.store import Shelf, Store

# Posts a body with headers to an address and returns the status; it raises OSError if there is no answer.
Send = Callable[[str, dict[str, str], bytes], int]
_TIMEOUT_SECONDS = 10.0
# A worker that dies leaves its delivery to the others after this.
_LEASE_SECONDS = 15.0
_MOST_ATTEMPTS = 16
_LONGEST_WAIT_SECONDS = 3600.0
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


@dataclass
class Behaviour:
    """How deliveries go: in order, once, and all of them, unless asked otherwise.

    `double` and `lose` are chances between 0 and 1; `retry_seconds` is the wait after the first failure, which
    doubles with each further one.
    """

    shuffle: bool = False
    double: float = 0.0
    lose: float = 0.0
    pause: bool = False
    retry_seconds: float = 2.0


@dataclass(frozen=True)
class Pending:
    """One delivery that is still to be made; `due_at` is real time in Unix seconds."""

    id: int
    event: Object
    url: str
    attempts: int
    due_at: float


def signature(payload: bytes, secrets: list[str], moment: int) -> str:
    """Return the Stripe-Signature header of a body: one `v1` for each secret."""
    signed = str(moment).encode() + b"." + payload
    parts = [f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for secret in secrets]
    return ",".join([f"t={moment}", *parts])


def send_over_http(url: str, headers: dict[str, str], body: bytes) -> int:
    """Post a delivery; redirects are failures, as with Stripe."""
    request = urllib.request.Request(url, body, headers, method="POST")
    opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        answer.close()
        return answer.code
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """Follow nothing."""


class Deliveries:
    """Delivers a store's events; the state is in the store, so nothing is lost on a restart."""

    def __init__(self, store: Store, *, send: Send = send_over_http) -> None:
        """Prepare; nothing is sent before `run_once`, or before workers are started."""
        self.behaviour = Behaviour()
        self._store = store
        self.send = send
        self._random = random.Random(0)  # noqa: S311 - misfortune on demand, no secret
        self._lock = threading.Lock()

    def order(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out an order of /_control and return what is in force.

        Raises:
            ValueError: a chance is not between 0 and 1.

        """
        with self._lock:
            for name in ("shuffle", "pause"):
                if name in order:
                    setattr(self.behaviour, name, bool(order[name]))
            for name in ("double", "lose"):
                if name in order:
                    setattr(self.behaviour, name, _chance(order[name], name))
            if "retry_seconds" in order:
                self.behaviour.retry_seconds = max(0.0, float(order["retry_seconds"]))
            if "seed" in order:
                self._random = random.Random(int(order["seed"]))  # noqa: S311
        with self._store.transaction() as shelf:
            if order.get("rotate_secret"):
                webhooks.rotate_secret(shelf, str(order["rotate_secret"]))
            if order.get("end_rotation"):
                webhooks.end_rotation(shelf)
        return {**vars(self.behaviour), "pending": len(self.pending())}

    def reset(self) -> None:
        """Behave again."""
        with self._lock:
            self.behaviour = Behaviour()
            self._random = random.Random(0)  # noqa: S311

    def pending(self) -> list[Pending]:
        """Return what is still to be delivered, in the order in which it happened."""
        with self._store.transaction() as shelf:
            return [found for row in _rows(shelf) if (found := _pending(shelf, row)) is not None]

    def run_once(self, *, is_patient: bool = True) -> int:
        """Make every delivery that is due, one after the other, and return how many were taken.

        `is_patient` leaves those alone that wait for their next attempt; without it they are tried at once.
        Deliveries that come of these, such as what an endpoint's own calls make happen, are made too.
        """
        taken, tried = 0, set[int]()
        while True:
            claimed = self._claim(tried, is_patient=is_patient)
            if claimed is None:
                return taken
            tried.add(claimed.id)
            taken += self.deliver(claimed)

    def deliver(self, claimed: Pending) -> bool:
        """Send one claimed delivery, and keep what came of it; return whether it was taken."""
        with self._lock:
            is_lost = self._random.random() < self.behaviour.lose
            is_doubled = self._random.random() < self.behaviour.double
        if is_lost:
            self._finish(claimed, "lost", is_taken=False)
            return False
        outcome, is_taken = self._post(claimed)
        if not is_taken:
            self._put_off(claimed, outcome)
            return False
        self._finish(claimed, outcome, is_taken=True)
        if is_doubled:
            self._post(claimed)
        return True

    def claim(self) -> Pending | None:
        """Take a delivery that is due; the others leave it alone until its lease is over."""
        return self._claim(set(), is_patient=True)

    def _claim(self, tried: set[int], *, is_patient: bool) -> Pending | None:
        if self.behaviour.pause:
            return None
        order = "random()" if self.behaviour.shuffle else "id"
        now = time.time()
        with self._store.transaction() as shelf:
            row = shelf.connection.execute(
                "UPDATE payments_standin.deliveries SET due_at = %s, attempts = attempts + 1 WHERE id = ("  # noqa: S608
                "SELECT id FROM payments_standin.deliveries WHERE NOT is_done AND NOT id = ANY(%s)"
                f" AND (due_at <= %s OR %s) ORDER BY {order} LIMIT 1 FOR UPDATE SKIP LOCKED)"
                " RETURNING id, event_id, endpoint_id, attempts, due_at",
                [now + _LEASE_SECONDS, sorted(tried), now, not is_patient],
            ).fetchone()
            return _pending(shelf, row) if row else None

    def _post(self, claimed: Pending) -> tuple[str, bool]:
        with self._store.transaction() as shelf:
            secrets = webhooks.secrets_of(shelf, _endpoint_of(shelf, claimed.id))
        body = json.dumps(claimed.event, ensure_ascii=False, indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
            "User-Agent": USER_AGENT,
            "Stripe-Signature": signature(body, secrets, int(time.time())),
        }
        try:
            status = self.send(claimed.url, headers, body)
        except OSError as error:
            return type(error).__name__, False
        return str(status), HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES

    def _put_off(self, claimed: Pending, outcome: str) -> None:
        if claimed.attempts >= _MOST_ATTEMPTS:
            self._finish(claimed, outcome, is_taken=False)
            return
        wait = min(self.behaviour.retry_seconds * 2 ** (claimed.attempts - 1), _LONGEST_WAIT_SECONDS)
        with self._store.transaction() as shelf:
            shelf.connection.execute(
                "UPDATE payments_standin.deliveries SET due_at = %s, outcome = %s WHERE id = %s",
                [time.time() + wait, outcome, claimed.id],
            )

    def _finish(self, claimed: Pending, outcome: str, *, is_taken: bool) -> None:
        with self._store.transaction() as shelf:
            shelf.connection.execute(
                "UPDATE payments_standin.deliveries SET is_done = true, outcome = %s WHERE id = %s",
                [outcome, claimed.id],
            )
            event = shelf.get("event", claimed.event["id"], for_update=True)
            if event and is_taken:
                shelf.replace({**event, "pending_webhooks": max(0, event["pending_webhooks"] - 1)})


def _rows(shelf: Shelf) -> list[tuple[Any, ...]]:
    return shelf.connection.execute(
        "SELECT id, event_id, endpoint_id, attempts, due_at FROM payments_standin.deliveries"
        " WHERE NOT is_done ORDER BY id"
    ).fetchall()


def _pending(shelf: Shelf, row: tuple[Any, ...]) -> Pending | None:
    identifier, event_id, endpoint_id, attempts, due_at = row
    event, endpoint = shelf.get("event", event_id), shelf.get("webhook_endpoint", endpoint_id)
    if event is None or endpoint is None:
        return None
    return Pending(identifier, event, endpoint["url"], attempts, due_at)


def _endpoint_of(shelf: Shelf, delivery_id: int) -> str:
    row = shelf.connection.execute(
        "SELECT endpoint_id FROM payments_standin.deliveries WHERE id = %s", [delivery_id]
    ).fetchone()
    return str(row[0]) if row else ""


def _chance(value: Any, name: str) -> float:
    chance = float(value)
    if not 0 <= chance <= 1:
        raise ValueError(f"{name} must be between 0 and 1")
    return chance
