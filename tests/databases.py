"""Test databases: migrated once, then copied."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from devstack.postgres_roles import OWNER, grant_rights

_TEMPLATE = "dezky_test_template"
_LOCK = 727_001
_ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def fresh_database(name: str) -> Iterator[str]:
    """Make the database `name`, as a copy of the migrated template; it is dropped afterwards."""
    superuser = os.environ["TEST_DATABASE_SUPERUSER_URL"]
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        _ensure_template(connection, superuser)
        _drop(connection, name)
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(_TEMPLATE), sql.Identifier(OWNER)))
        connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    grant_rights(_url(superuser, name))
    try:
        yield name
    finally:
        with psycopg.connect(superuser, autocommit=True) as connection:
            _drop(connection, name)


def _ensure_template(connection: psycopg.Connection, superuser: str) -> None:
    """Migrate the template, unless one of these very migrations is there."""
    digest = _digest()
    known = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [_TEMPLATE]
    ).fetchone()
    if known and known[0] == digest:
        return
    _drop(connection, _TEMPLATE)
    create = sql.SQL("CREATE DATABASE {} OWNER {}")
    connection.execute(create.format(sql.Identifier(_TEMPLATE), sql.Identifier(OWNER)))
    grant_rights(_url(superuser, _TEMPLATE))
    owner = connections["owner"]
    owner.close()
    owner.settings_dict["NAME"] = _TEMPLATE
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    owner.close()
    comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
    connection.execute(comment.format(sql.Identifier(_TEMPLATE), sql.Literal(digest)))


def _digest() -> str:
    """Return what decides the schema: our migrations, and the versions of those who bring their own."""
    parts = [path.read_bytes() for path in sorted(_ROOT.glob("*/migrations/*.py"))]
    parts += [(_ROOT / "billing" / "fresh_tables.py").read_bytes()]
    parts += [version(package).encode() for package in ("django", "dj-stripe", "procrastinate")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _url(superuser: str, name: str) -> str:
    return urlsplit(superuser)._replace(path=f"/{name}").geturl()
