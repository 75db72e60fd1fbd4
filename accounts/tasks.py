"""Background work of accounts. Each task can run twice without harm."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import OIDCSession

logger = logging.getLogger(__name__)

KEEP_ENDED = timedelta(days=30)


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="accounts.purge_sessions", pass_context=False)
def purge_sessions(timestamp: int) -> int:  # noqa: ARG001 - when the run was due, which procrastinate passes
    """Delete sessions that have ended, and wipe the tokens of those that ran out; return how many.

    A session that ran out unused still holds tokens until here: at most for an hour.
    """
    SessionStore.clear_expired()
    now, ended = timezone.now(), 0
    for session in OIDCSession.objects.alive().select_related("user").iterator():
        if not session.is_alive(now):
            session.id_token = session.access_token = session.refresh_token = ""
            session.ended_at = now
            session.save()
            ended += 1
    deleted, _ = OIDCSession.objects.filter(ended_at__lt=now - KEEP_ENDED).delete()
    logger.info("sessions: %s ran out, %s were deleted", ended, deleted)
    return ended
