"""Jobs whose worker died: whoever it was, they are run again, and nothing stays in their way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from config.jobs import MAX_ATTEMPTS, purge_jobs, rescue_jobs

pytestmark = pytest.mark.django_db
_TASK = "accounts.tasks.carry_out"


@pytest.fixture(autouse=True)
def _no_job_of_another_test(db: None) -> None:
    """Leave out what tests with committed rows have ordered; it is there again afterwards."""
    _sql("DELETE FROM procrastinate_jobs")


@pytest.fixture(autouse=True)
def _no_loop_of_somebody_else() -> Iterator[None]:
    """Hide the event loop that Playwright leaves running in this thread where a browser test came before."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


def _sql(query: str, *values: str | int | None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def _worker(*, silent_seconds: int) -> int:
    worker: int = _sql(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s)) RETURNING id",
        silent_seconds,
    )
    return worker


def _job(status: str, *, worker: int | None = None, lock: str | None = None, attempts: int = 0) -> int:
    job: int = app.configure_task(_TASK, lock=lock, queueing_lock=lock).defer(order_id="1")
    _sql(
        "UPDATE procrastinate_jobs SET status = %s, worker_id = %s, attempts = %s WHERE id = %s",
        status,
        worker,
        attempts,
        job,
    )
    return job


def _status(job: int) -> str:
    return str(_sql("SELECT status FROM procrastinate_jobs WHERE id = %s", job))


def test_a_job_is_rescued_once_its_worker_is_silent_for_thirty_seconds() -> None:
    lively = _job("doing", worker=_worker(silent_seconds=25))
    stalled = _job("doing", worker=_worker(silent_seconds=35))
    forgotten = _job("doing")  # the row of a worker goes when the next one starts

    assert rescue_jobs(timestamp=0) == 2
    assert [_status(job) for job in (lively, stalled, forgotten)] == ["doing", "todo", "todo"]
    assert rescue_jobs(timestamp=0) == 0


def test_a_rescued_job_no_longer_holds_its_lock() -> None:
    """Else the gates would never be watched again."""
    dead = _worker(silent_seconds=60)
    _job("doing", worker=dead, lock="operator_portal.watch_gates")
    waiting = _job("todo", lock="operator_portal.watch_gates")
    fetch = "SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)"
    living = _worker(silent_seconds=0)
    assert _sql(fetch, living) is None

    assert rescue_jobs(timestamp=0) == 0
    assert _sql(fetch, living) == waiting


def test_of_two_that_may_wait_only_once_the_stalled_one_ends() -> None:
    stalled = _job("doing", worker=_worker(silent_seconds=60), lock="only one waits")
    waiting = _job("todo", lock="only one waits")

    rescue_jobs(timestamp=0)
    assert (_status(stalled), _status(waiting)) == ("aborted", "todo")


def test_a_job_that_takes_every_worker_with_it_is_given_up() -> None:
    deadly = _job("doing", worker=_worker(silent_seconds=60), attempts=MAX_ATTEMPTS)

    assert rescue_jobs(timestamp=0) == 0
    assert _status(deadly) == "failed"


def test_finished_jobs_go_in_their_time() -> None:
    jobs = {}
    for name, status, days in [
        ("done", "succeeded", 6),
        ("long done", "succeeded", 8),
        ("failed", "failed", 89),
        ("long failed", "failed", 91),
        ("waiting", "todo", 200),
    ]:
        jobs[name] = _job(status)
        _sql(
            "UPDATE procrastinate_events SET at = now() - make_interval(days => %s) WHERE job_id = %s", days, jobs[name]
        )

    purge_jobs(timestamp=0)
    left = set(ProcrastinateJob.objects.values_list("pk", flat=True))
    assert {name for name, job in jobs.items() if job in left} == {"done", "failed", "waiting"}


def test_they_run_by_schedule() -> None:
    periodic = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert periodic["config.jobs.rescue_jobs"] == "* * * * *"
    assert periodic["config.jobs.purge_jobs"] == "37 3 * * *"
