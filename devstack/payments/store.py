"""The stand-in's memory: Stripe's objects and answered idempotency keys, in a schema of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

_SCHEMA = """
SELECT pg_advisory_xact_lock(hashtextextended('payments_standin', 0));
CREATE SCHEMA IF NOT EXISTS payments_standin;
CREATE TABLE IF NOT EXISTS payments_standin.objects (
    id text PRIMARY KEY,
    kind text NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    content jsonb NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS objects_by_kind ON payments_standin.objects (kind, position DESC);
CREATE TABLE IF NOT EXISTS payments_standin.idempotency (
    key text PRIMARY KEY,
    fingerprint text NOT NULL,
    status integer NOT NULL,
    body jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""


class Store:
    """Opens transactions over the stand-in's schema."""

    def __init__(self, database_url: str) -> None:
        """Connect, and make the schema if it is missing."""
        # Checked before use: the stand-in outlives a restart of PostgreSQL.
        self._pool: ConnectionPool[Connection[TupleRow]] = ConnectionPool(
            database_url, min_size=1, max_size=8, open=True, timeout=10, check=ConnectionPool.check_connection
        )
        with self._pool.connection() as connection:
            connection.execute(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[Shelf]:
        """Open a transaction: all of a request's writes happen, or none."""
        with self._pool.connection() as connection:
            yield Shelf(connection)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class Shelf:
    """Objects and idempotency keys within one transaction."""

    def __init__(self, connection: Connection[TupleRow]) -> None:
        """Wrap an open transaction."""
        self._connection = connection

    def get(self, kind: str, identifier: str, *, for_update: bool = False) -> dict[str, Any] | None:
        """Return one object; `for_update` keeps others from changing it until the end of the transaction."""
        lock = " FOR UPDATE" if for_update else ""
        row = self._connection.execute(
            f"SELECT content FROM payments_standin.objects WHERE kind = %s AND id = %s{lock}",  # noqa: S608
            [kind, identifier],
        ).fetchone()
        return row[0] if row else None

    def add(self, content: dict[str, Any]) -> bool:
        """Keep a new object; return False if its id is taken."""
        row = self._connection.execute(
            "INSERT INTO payments_standin.objects (id, kind, content) VALUES (%s, %s, %s)"
            " ON CONFLICT (id) DO NOTHING RETURNING id",
            [content["id"], content["object"], Jsonb(content)],
        ).fetchone()
        return row is not None

    def replace(self, content: dict[str, Any]) -> None:
        """Keep the new state of an object."""
        self._connection.execute(
            "UPDATE payments_standin.objects SET content = %s WHERE id = %s", [Jsonb(content), content["id"]]
        )

    def page(
        self, kind: str, matching: dict[str, Any], *, after: str | None, before: str | None, limit: int
    ) -> tuple[list[dict[str, Any]], bool]:
        """Return objects newest first that contain `matching`, and whether there are more in this direction."""
        edge, order = "TRUE", "DESC"
        values: list[object] = [kind, Jsonb(matching)]
        if after or before:
            sign, order = ("<", "DESC") if after else (">", "ASC")
            edge = f"position {sign} (SELECT position FROM payments_standin.objects WHERE id = %s)"  # noqa: S608
            values.append(after or before)
        rows = self._connection.execute(
            "SELECT content FROM payments_standin.objects"  # noqa: S608
            f" WHERE kind = %s AND content @> %s AND {edge} ORDER BY position {order} LIMIT %s",
            [*values, limit + 1],
        ).fetchall()
        found = [row[0] for row in rows[:limit]]
        return (found if order == "DESC" else found[::-1]), len(rows) > limit

    def lock_key(self, key: str) -> bool:
        """Take an idempotency key for this transaction; False if another request holds it."""
        row = self._connection.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 1))", [f"payments_standin:{key}"]
        ).fetchone()
        return bool(row and row[0])

    def answered(self, key: str) -> tuple[str, int, dict[str, Any]] | None:
        """Return fingerprint, status and body of what was answered to a key."""
        row = self._connection.execute(
            "SELECT fingerprint, status, body FROM payments_standin.idempotency WHERE key = %s", [key]
        ).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def remember(self, key: str, fingerprint: str, status: int, body: dict[str, Any]) -> None:
        """Keep what was answered to a key."""
        self._connection.execute(
            "INSERT INTO payments_standin.idempotency (key, fingerprint, status, body) VALUES (%s, %s, %s, %s)",
            [key, fingerprint, status, Jsonb(body)],
        )

    def clear(self) -> None:
        """Forget everything."""
        self._connection.execute("TRUNCATE payments_standin.objects, payments_standin.idempotency")
