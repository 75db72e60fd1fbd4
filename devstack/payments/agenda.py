"""What is to be done at a moment to come: a duty of a kind for a subscription or an invoice, at most one of each."""

from __future__ import annotations

from dataclasses import dataclass

from devstack.payments.store import Shelf


@dataclass(frozen=True)
class Duty:
    """Something to do for a subject at a moment in Unix seconds."""

    subject: str
    kind: str
    at: int


def put(shelf: Shelf, subject: str, kind: str, at: int | None) -> None:
    """Set when a duty is due, or with None that it is not."""
    if at is None:
        shelf.connection.execute(
            "DELETE FROM payments_standin.agenda WHERE subject = %s AND kind = %s", [subject, kind]
        )
        return
    shelf.connection.execute(
        "INSERT INTO payments_standin.agenda (subject, kind, at) VALUES (%s, %s, %s)"
        " ON CONFLICT (subject, kind) DO UPDATE SET at = excluded.at",
        [subject, kind, at],
    )


def first(shelf: Shelf, until: int) -> Duty | None:
    """Return the first duty that is due; of one moment, kinds come in the order of the alphabet."""
    row = shelf.connection.execute(
        "SELECT subject, kind, at FROM payments_standin.agenda WHERE at <= %s ORDER BY at, kind, subject LIMIT 1",
        [until],
    ).fetchone()
    return Duty(*row) if row else None


def strike(shelf: Shelf, duty: Duty) -> bool:
    """Take a duty off; return False if it has been put off or done by another meanwhile."""
    row = shelf.connection.execute(
        "DELETE FROM payments_standin.agenda WHERE subject = %s AND kind = %s AND at = %s RETURNING at",
        [duty.subject, duty.kind, duty.at],
    ).fetchone()
    return row is not None
