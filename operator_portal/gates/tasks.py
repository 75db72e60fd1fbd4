"""Background work of the gate watch; it can run twice without harm."""

from __future__ import annotations

from procrastinate.contrib.django import app

from operator_portal.gates.run import check_gates

QUEUEING_LOCK = "operator_portal.watch_gates"


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock=QUEUEING_LOCK, lock=QUEUEING_LOCK, pass_context=False)
def watch_gates(timestamp: int) -> None:  # noqa: ARG001 - when the run was due, which procrastinate passes
    """Look at the gates."""
    check_gates()
