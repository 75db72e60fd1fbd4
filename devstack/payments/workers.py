"""Threads that deliver webhooks while the stand-in runs."""

from __future__ import annotations

import sys
import threading
import traceback

from devstack.payments.deliveries import Deliveries

_WORKERS = 3
_LOOK_EVERY_SECONDS = 0.2


class Workers:
    """A few threads, each with one delivery in hand at most."""

    def __init__(self, deliveries: Deliveries) -> None:
        """Prepare; nothing happens before `start`."""
        self._deliveries = deliveries
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"payments-webhooks-{number}", daemon=True)
            for number in range(_WORKERS)
        ]

    def start(self) -> None:
        """Begin to deliver."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no more in hand; what is under way is tried again after a restart."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=1)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                claimed = self._deliveries.claim()
                if claimed is not None:
                    self._deliveries.deliver(claimed)
                    continue
            except Exception:  # noqa: BLE001 - a database that is away for a moment must not stop the webhooks
                traceback.print_exc(file=sys.stderr)
                self._stopping.wait(1)
            self._stopping.wait(_LOOK_EVERY_SECONDS)
