"""Background work of billing. Each task can run twice without harm."""

from __future__ import annotations

from procrastinate.contrib.django import app

from billing import applying, inbox, notices, reconcile, reminders, retention, sync
from billing.errors import BillingError

_COMPARED_AT_ONCE = 20


@app.periodic(cron="* * * * *")
@app.task(queueing_lock=inbox.DRAIN, pass_context=False)
def drain_inbox(timestamp: int) -> int:  # noqa: ARG001 - when the run was due, which procrastinate passes
    """Apply what waits in the inbox; return how many events were applied.

    Ordered by the inbox itself; once a minute too, for what failed and may be tried again.
    """
    return applying.drain().applied


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="billing.find_lost", pass_context=False)
def find_lost_events(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Find events that never came; an outage is noted, and the next run looks again."""
    try:
        return reconcile.find_lost_events()
    except BillingError:
        return 0


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="billing.compare", pass_context=False)
def compare_with_stripe(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Compare those tenants that were not compared for longest."""
    return reconcile.compare_oldest(_COMPARED_AT_ONCE)


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="billing.catalogue", pass_context=False)
def read_catalogue(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Mirror what the plans cost; an outage leaves what was known."""
    try:
        return sync.catalogue()
    except BillingError:
        return 0


@app.periodic(cron="41 6 * * *")
@app.task(queueing_lock="billing.remind", pass_context=False)
def remind(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Promise the mails about cards that expire and renewals ahead; return how many are new."""
    return reminders.promise_due()


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="billing.send_forgotten", pass_context=False)
def send_forgotten(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Have mails sent whose job is gone; return how many there were."""
    return notices.send_forgotten()


@app.periodic(cron="53 3 * * *")
@app.task(queueing_lock="billing.purge", pass_context=False)
def purge(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Delete what was kept long enough; return how many rows."""
    return retention.purge()
