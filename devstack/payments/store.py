"""The stand-in's memory: Stripe's objects and answered idempotency keys, in a schema of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from devstack.payments.schema import SCHEMA, TABLES

_RANGE_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
# Values that lists narrow by, with an index each.
_INDEXED = frozenset(("customer", "invoice"))
KEPT_KEYS_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Query:
    """Which objects of a kind a list asks for; `created` bounds it by gt, gte, lt and lte."""

    matching: dict[str, Any] = field(default_factory=dict)
    any_of: dict[str, list[str]] = field(default_factory=dict)
    created: dict[str, int] = field(default_factory=dict)
    after: str | None = None
    before: str | None = None
    limit: int = 10


class Store:
    """Opens transactions over the stand-in's schema; `base_url` is where its server is reached."""

    def __init__(self, database_url: str, *, base_url: str = "http://127.0.0.1") -> None:
        """Connect, and make the schema if it is missing."""
        self.base_url = base_url
        # Checked before use: the stand-in outlives a restart of PostgreSQL.
        self._pool: ConnectionPool[Connection[TupleRow]] = ConnectionPool(
            database_url, min_size=1, max_size=12, open=True, timeout=10, check=ConnectionPool.check_connection
        )
        with self._pool.connection() as connection:
            connection.execute(SCHEMA)

    @contextmanager
    def transaction(self, now: int | None = None) -> Iterator[Shelf]:
        """Open a transaction: all of a request's writes happen, or none; `now` holds the clock at a moment."""
        with self._pool.connection() as connection:
            yield Shelf(connection, base_url=self.base_url, now=now)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class Shelf:
    """Objects and idempotency keys within one transaction; `request` is what its events name as their cause."""

    def __init__(self, connection: Connection[TupleRow], *, base_url: str, now: int | None = None) -> None:
        """Wrap an open transaction."""
        self.connection = connection
        self.base_url = base_url
        self.request: dict[str, str | None] = {"id": None, "idempotency_key": None}
        self._now = now

    @property
    def now(self) -> int:
        """Return the stand-in's time in Unix seconds, the same throughout the transaction."""
        if self._now is None:
            row = self.connection.execute("SELECT offset_seconds, frozen_at FROM payments_standin.clock").fetchone()
            offset, frozen_at = row or (0, None)
            self._now = int(frozen_at if frozen_at is not None else time.time() + offset)
        return self._now

    def at(self, moment: int) -> Shelf:
        """Return this transaction with its time at a moment in Unix seconds."""
        return Shelf(self.connection, base_url=self.base_url, now=moment)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is written within if it ends in an exception, and nothing else."""
        with self.connection.transaction():
            yield

    def get(self, kind: str, identifier: str, *, for_update: bool = False) -> dict[str, Any] | None:
        """Return one object; `for_update` keeps others from changing it until the end of the transaction."""
        lock = " FOR UPDATE" if for_update else ""
        row = self.connection.execute(
            f"SELECT content FROM payments_standin.objects WHERE kind = %s AND id = %s{lock}",  # noqa: S608
            [kind, identifier],
        ).fetchone()
        return row[0] if row else None

    def add(self, content: dict[str, Any]) -> bool:
        """Keep a new object; return False if its id is taken."""
        row = self.connection.execute(
            "INSERT INTO payments_standin.objects (id, kind, content) VALUES (%s, %s, %s)"
            " ON CONFLICT (id) DO NOTHING RETURNING id",
            [content["id"], content["object"], Jsonb(content)],
        ).fetchone()
        return row is not None

    def replace(self, content: dict[str, Any]) -> None:
        """Keep the new state of an object."""
        self.connection.execute(
            "UPDATE payments_standin.objects SET content = %s WHERE id = %s", [Jsonb(content), content["id"]]
        )

    def remove(self, identifier: str) -> None:
        """Forget an object without a trace."""
        self.connection.execute("DELETE FROM payments_standin.objects WHERE id = %s", [identifier])

    def search(self, kind: str, query: Query) -> tuple[list[dict[str, Any]], bool]:
        """Return objects newest first, and whether there are more in this direction; deleted ones are not listed."""
        wheres, values = ["kind = %s", "content @> %s", "NOT content ? 'deleted'"], [kind, Jsonb(query.matching)]
        for name in sorted(_INDEXED & query.matching.keys()):
            if query.matching[name] is None:
                continue
            wheres.append(f"content ->> '{name}' = %s")
            values.append(query.matching[name])
        for name, options in query.any_of.items():
            wheres.append("content ->> %s = ANY(%s)")
            values += [name, options]
        for sign, bound in query.created.items():
            wheres.append(f"(content ->> 'created')::bigint {_RANGE_SIGNS[sign]} %s")
            values.append(bound)
        order = "ASC" if query.before else "DESC"
        if query.after or query.before:
            sign = "<" if query.after else ">"
            wheres.append(f"position {sign} (SELECT position FROM payments_standin.objects WHERE id = %s)")  # noqa: S608
            values.append(query.after or query.before)
        rows = self.connection.execute(
            f"SELECT content FROM payments_standin.objects WHERE {' AND '.join(wheres)}"  # noqa: S608
            f" ORDER BY position {order} LIMIT %s",
            [*values, query.limit + 1],
        ).fetchall()
        found = [row[0] for row in rows[: query.limit]]
        return (found if order == "DESC" else found[::-1]), len(rows) > query.limit

    def all(self, kind: str, **matching: object) -> list[dict[str, Any]]:
        """Return every object of a kind that has these values, newest first."""
        return self.search(kind, Query(matching, limit=100_000))[0]

    def lock_key(self, key: str) -> bool:
        """Take an idempotency key for this transaction; False if another request holds it."""
        row = self.connection.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 1))", [f"payments_standin:{key}"]
        ).fetchone()
        return bool(row and row[0])

    def answered(self, key: str) -> tuple[str, int, dict[str, Any]] | None:
        """Return fingerprint, status and body of what was answered to a key in the last 24 hours."""
        row = self.connection.execute(
            "SELECT fingerprint, status, body FROM payments_standin.idempotency WHERE key = %s AND answered > %s",
            [key, self.now - KEPT_KEYS_SECONDS],
        ).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def remember(self, key: str, fingerprint: str, status: int, body: dict[str, Any]) -> None:
        """Keep what was answered to a key."""
        self.connection.execute(
            "INSERT INTO payments_standin.idempotency (key, fingerprint, status, body, answered)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint,"
            " status = excluded.status, body = excluded.body, answered = excluded.answered",
            [key, fingerprint, status, Jsonb(body), self.now],
        )

    def clear(self) -> None:
        """Forget everything but the clock."""
        self.connection.execute(f"TRUNCATE {', '.join(f'payments_standin.{name}' for name in TABLES)}")
