"""The stand-in's own time: it can be set, advanced and frozen, and what is due on the way happens in order."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import Any

from devstack.payments.store import Shelf, Store

Hook = Callable[[Shelf, int, int], None]
# Each is asked for what falls due after the first moment, up to and with the second, both in Unix seconds; what it
# does bears the moment that it fell due at, which may be any in between.
on_advance: list[Hook] = []
_DAY_SECONDS = 24 * 3600


class Clock:
    """Moves the time of one store."""

    def __init__(self, store: Store) -> None:
        """Begin with what the store has kept."""
        self._store = store

    def now(self) -> int:
        """Return the time in Unix seconds."""
        with self._store.transaction() as shelf:
            return shelf.now

    def set_to(self, moment: float, *, is_frozen: bool | None = None) -> None:
        """Set the time; it runs on from there, unless it is frozen; going back makes nothing unhappened."""
        with self._store.transaction() as shelf:
            row = shelf.connection.execute("SELECT frozen_at FROM payments_standin.clock FOR UPDATE").fetchone()
            was_frozen = bool(row and row[0] is not None)
            frozen_at = moment if (was_frozen if is_frozen is None else is_frozen) else None
            shelf.connection.execute(
                "UPDATE payments_standin.clock"
                " SET offset_seconds = %s, frozen_at = %s, handled_until = least(handled_until, %s)",
                [moment - time.time(), frozen_at, int(moment)],
            )
        self.catch_up()

    def advance(self, seconds: float, *, is_frozen: bool | None = None) -> None:
        """Move the time on by so many seconds."""
        self.set_to(self._exactly_now() + seconds, is_frozen=is_frozen)

    def reset(self) -> None:
        """Go back to the real time; what would have been due on the way there is left out."""
        with self._store.transaction() as shelf:
            shelf.connection.execute(
                "UPDATE payments_standin.clock SET offset_seconds = 0, frozen_at = NULL, handled_until = %s",
                [int(time.time())],
            )

    def catch_up(self) -> None:
        """Let everything happen that is due by now, step by step."""
        while self._day():
            pass

    def order(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out an order of /_control: `to`, `advance_seconds` or `reset`, and perhaps `frozen`."""
        is_frozen = bool(order["frozen"]) if "frozen" in order else None
        if order.get("reset"):
            self.reset()
        elif "to" in order:
            self.set_to(datetime.fromisoformat(str(order["to"])).timestamp(), is_frozen=is_frozen)
        elif "advance_seconds" in order or is_frozen is not None:
            self.advance(float(order.get("advance_seconds", 0)), is_frozen=is_frozen)
        return {"now": self.now()}

    def _exactly_now(self) -> float:
        with self._store.transaction() as shelf:
            row = shelf.connection.execute("SELECT offset_seconds, frozen_at FROM payments_standin.clock").fetchone()
        offset, frozen_at = row or (0.0, None)
        return float(frozen_at if frozen_at is not None else time.time() + offset)

    def _day(self) -> bool:
        """Handle at most a day, in a transaction of its own; return whether there is more to do."""
        target = int(self._exactly_now())
        with self._store.transaction(now=target) as shelf:
            row = shelf.connection.execute("SELECT handled_until FROM payments_standin.clock FOR UPDATE").fetchone()
            since = int(row[0]) if row else target
            end = min(target, since + _DAY_SECONDS)
            if end > since:
                day = shelf.at(end)
                for hook in on_advance:
                    hook(day, since, end)
                shelf.connection.execute("UPDATE payments_standin.clock SET handled_until = %s", [end])
        return end < target


class Ticker:
    """Looks every second whether something has fallen due."""

    def __init__(self, clock: Clock, interval_seconds: float = 1.0) -> None:
        """Prepare; nothing happens before `start`."""
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="payments-clock", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait until it has."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_seconds):
            try:
                self._clock.catch_up()
            except Exception:  # noqa: BLE001 - a database that is away for a moment must not stop the clock
                traceback.print_exc(file=sys.stderr)
