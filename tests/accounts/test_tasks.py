"""Background work of accounts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import OIDCSession
from accounts.tasks import purge_sessions
from tests.factories import OIDCSessionFactory

pytestmark = pytest.mark.django_db


def test_what_ran_out_loses_its_tokens_and_what_ended_long_ago_goes() -> None:
    now = timezone.now()
    living = OIDCSessionFactory()
    idle = OIDCSessionFactory(last_seen_at=now - timedelta(hours=9))
    OIDCSessionFactory(ended_at=now - timedelta(days=31))
    recent = OIDCSessionFactory(ended_at=now - timedelta(days=29))
    Session.objects.create(session_key="old", session_data="x", expire_date=now - timedelta(days=1))
    assert purge_sessions(timestamp=0) == 1
    assert purge_sessions(timestamp=0) == 0
    assert set(OIDCSession.objects.values_list("pk", flat=True)) == {living.pk, idle.pk, recent.pk}
    idle.refresh_from_db()
    assert (idle.refresh_token, idle.ended_at is not None) == ("", True)
    living.refresh_from_db()
    assert (living.refresh_token, living.ended_at) == ("canary-refresh-token", None)
    assert not Session.objects.exists()


def test_it_runs_by_schedule() -> None:
    periodic = [task.task.name for task in app.periodic_registry.periodic_tasks.values()]
    assert {"accounts.tasks.purge_sessions", "accounts.tasks.take_tokens_back"} <= set(periodic)
