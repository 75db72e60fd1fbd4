"""Looks after the jobs of all apps: those whose worker died are run again, those long finished go.

procrastinate leaves a job whose worker was killed as it is: never run again, and in the way of all others that
share its lock. Every task of ours can run twice without harm, so that it may be given to another worker.
"""

from __future__ import annotations

import logging

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status

logger = logging.getLogger(__name__)

# A worker tells every ten seconds that it lives.
SILENT_SECONDS = 30.0
# A job that has taken this many workers with it is not given another one.
MAX_ATTEMPTS = 10
_KEEP_DONE_HOURS = 7 * 24
_KEEP_ALL_HOURS = 90 * 24


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="config.rescue_jobs", pass_context=False)
def rescue_jobs(timestamp: int) -> int:  # noqa: ARG001 - when the run was due, which procrastinate passes
    """Have the jobs run again whose worker has been silent for 30 seconds; return how many there were."""
    stalled = async_to_sync(app.job_manager.get_stalled_jobs)(seconds_since_heartbeat=SILENT_SECONDS)
    return sum(_rescue(job) for job in stalled)


@app.periodic(cron="37 3 * * *")
@app.task(queueing_lock="config.purge_jobs", pass_context=False)
def purge_jobs(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Delete jobs that were done a week ago, and those that failed a quarter ago."""
    delete = async_to_sync(app.job_manager.delete_old_jobs)
    delete(nb_hours=_KEEP_DONE_HOURS)
    delete(nb_hours=_KEEP_ALL_HOURS, include_failed=True, include_cancelled=True, include_aborted=True)


def _rescue(job: Job) -> bool:
    """Give a job back to the queue; one whose like waits there already has nothing left to do."""
    if job.id is None:
        return False
    if job.attempts >= MAX_ATTEMPTS:
        logger.error("job %s (%s) has lost %s workers and is given up", job.id, job.task_name, job.attempts)
        _finish(job.id, Status.FAILED)
        return False
    try:
        with transaction.atomic():
            app.job_manager.retry_job_by_id(job.id, retry_at=timezone.now())
    except UniqueViolation:
        _finish(job.id, Status.ABORTED)
        return False
    except ConnectorException as error:  # it ended at this moment
        logger.info("job %s (%s) is not there to be rescued: %s", job.id, job.task_name, error)
        return False
    logger.warning("job %s (%s) had lost its worker and is run again", job.id, job.task_name)
    return True


def _finish(job_id: int, status: Status) -> None:
    try:
        with transaction.atomic():
            async_to_sync(app.job_manager.finish_job_by_id_async)(job_id=job_id, status=status, delete_job=False)
    except ConnectorException as error:
        logger.info("job %s has ended by itself: %s", job_id, error)
