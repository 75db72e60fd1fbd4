"""Mails of the demo, kept in one SQLite file."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

_COLUMNS = "id, received_at, sender, recipients, subject, text, html"


@dataclass(frozen=True)
class Mail:
    """One mail as it arrived; `html` is empty for a plain one."""

    id: int
    received_at: str
    sender: str
    recipients: str
    subject: str
    text: str
    html: str

    def as_json(self) -> dict[str, Any]:
        """Return the mail for /messages.json."""
        return {**asdict(self), "recipients": self.recipients.split(", ")}


class MailStore:
    """Keeps mails across restarts; usable from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it if it is missing."""
        self._lock = threading.Lock()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS mail (id INTEGER PRIMARY KEY AUTOINCREMENT, received_at TEXT NOT NULL,"
            " sender TEXT NOT NULL, recipients TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,"
            " html TEXT NOT NULL, source BLOB NOT NULL)"
        )

    def add(self, *, sender: str, recipients: list[str], source: bytes) -> None:
        """Keep one mail as the server received it."""
        message = message_from_bytes(source, policy=policy.default)
        values = (
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            sender,
            ", ".join(recipients),
            str(message["subject"] or ""),
            _part(message, "plain"),
            _part(message, "html"),
            source,
        )
        with self._lock:
            self._connection.execute(
                "INSERT INTO mail (received_at, sender, recipients, subject, text, html, source)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )

    def newest(self, limit: int = 200) -> list[Mail]:
        """Return the latest mails, newest first."""
        with self._lock:
            rows = self._connection.execute(
                f"SELECT {_COLUMNS} FROM mail ORDER BY id DESC LIMIT ?",  # noqa: S608 - a constant
                (limit,),
            ).fetchall()
        return [Mail(*row) for row in rows]

    def get(self, number: int) -> Mail | None:
        """Return one mail."""
        with self._lock:
            row = self._connection.execute(
                f"SELECT {_COLUMNS} FROM mail WHERE id = ?",  # noqa: S608 - a constant
                (number,),
            ).fetchone()
        return Mail(*row) if row else None

    def clear(self) -> None:
        """Forget all mails."""
        with self._lock:
            self._connection.execute("DELETE FROM mail")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):
        # An unknown charset: show the bytes as well as they go.
        payload = part.get_payload(decode=True)
        return payload.decode(errors="replace") if isinstance(payload, bytes) else ""
