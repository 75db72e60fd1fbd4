"""dj-stripe's tables, made at once, are those its own migrations would make."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connections
from django.db.migrations import Migration, RunPython
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql
from pytest_django import DjangoDbBlocker

from billing import fresh_tables
from devstack.postgres_roles import OWNER, grant_rights

_COLUMNS = """
SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
FROM information_schema.columns WHERE table_schema = 'public' AND table_name LIKE 'djstripe%'
"""
_CONSTRAINTS = """
SELECT t.relname, pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE t.relname LIKE 'djstripe%' AND c.contype IN ('p', 'f', 'u', 'c')
"""
_INDEXES = """
SELECT tablename, regexp_replace(indexdef, 'INDEX [^ ]+ ON', 'INDEX ON') FROM pg_indexes
WHERE tablename LIKE 'djstripe%'
"""


@contextmanager
def scratch(name: str) -> Iterator[Any]:
    """Give the owner's connection to an empty database."""
    superuser = os.environ["TEST_DATABASE_SUPERUSER_URL"]
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(superuser, autocommit=True) as admin:
        admin.execute(drop)
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER)))
        grant_rights(urlsplit(superuser)._replace(path=f"/{name}").geturl())
        owner = connections["owner"]
        owner.close()
        before, owner.settings_dict["NAME"] = owner.settings_dict["NAME"], name
        try:
            yield owner
        finally:
            owner.close()
            owner.settings_dict["NAME"] = before
            admin.execute(drop)


def schema(connection: Any) -> dict[str, list[Any]]:
    """Return columns, constraints and indexes, without the names that Django makes up."""
    found = {}
    with connection.cursor() as cursor:
        for what, query in (("columns", _COLUMNS), ("constraints", _CONSTRAINTS), ("indexes", _INDEXES)):
            cursor.execute(query)
            found[what] = sorted(cursor.fetchall(), key=str)
    return found


@pytest.mark.timeout(300)
def test_the_quick_tables_are_those_of_its_migrations(django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        with scratch("dezky_djstripe_quick") as connection:
            assert fresh_tables.create(connection) is True
            quick = schema(connection)
            assert fresh_tables.create(connection) is False
            executor = MigrationExecutor(connection)
            assert executor.migration_plan(executor.loader.graph.leaf_nodes("djstripe")) == []
        with scratch("dezky_djstripe_slow") as connection:
            executor = MigrationExecutor(connection)
            executor.migrate(executor.loader.graph.leaf_nodes("djstripe"))
            slow = schema(connection)
    assert len(slow["columns"]) > 500
    assert quick == slow


def test_a_migration_that_carries_data_is_not_skipped(
    django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with django_db_blocker.unblock(), scratch("dezky_djstripe_data") as connection:
        carrying = type("Carrying", (Migration,), {"operations": [RunPython(RunPython.noop)]})("0004_data", "djstripe")
        executor = MigrationExecutor(connection)
        key = executor.loader.graph.leaf_nodes("djstripe")[0]
        monkeypatch.setattr(fresh_tables, "MigrationExecutor", lambda _connection: executor)
        monkeypatch.setitem(executor.loader.graph.nodes, key, carrying)
        with pytest.raises(fresh_tables.NotOnlyTables):
            fresh_tables.create(connection)
        assert schema(connection)["columns"] == []
