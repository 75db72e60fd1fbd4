"""Health for machines (R1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from config import health

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as a process that has not looked yet."""
    monkeypatch.setattr(health, "_schema", health._Schema())


def test_alive_asks_nothing_of_the_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/healthz").json() == {"status": "ok"}


def test_ready_looks_at_the_migrations_once(django_assert_num_queries: Any) -> None:
    assert Client().get("/readyz").json() == {"status": "ok", "database": "ok"}
    with django_assert_num_queries(1):
        assert Client().get("/readyz").status_code == 200


def test_ready_is_not_said_while_a_migration_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda _self, _leaves: ["one"])
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "migrations are missing")


def test_ready_is_not_said_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", gone)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "no answer")
