"""What must survive a restart and a kill -9: sessions, codes, tokens, keys, changes to people."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from .records import Code, Grant, Kind, Session, Token, digest

SCHEMA = """
CREATE TABLE IF NOT EXISTS people (email TEXT PRIMARY KEY, groups TEXT, is_active INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS keys (kid TEXT PRIMARY KEY, use TEXT NOT NULL, pem BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (
  sid TEXT PRIMARY KEY, email TEXT NOT NULL, login_id TEXT NOT NULL, auth_time REAL NOT NULL,
  amr TEXT NOT NULL, is_fresh INTEGER NOT NULL, was_prompted INTEGER NOT NULL,
  has_unfinished_flow INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS codes (digest TEXT PRIMARY KEY, data TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
  digest TEXT PRIMARY KEY, kind TEXT NOT NULL, client_id TEXT NOT NULL, email TEXT NOT NULL,
  sid TEXT NOT NULL, data TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS tokens_sid ON tokens (sid);
CREATE INDEX IF NOT EXISTS tokens_email ON tokens (email);
"""


class Store:
    """SQLite in WAL mode behind one lock: every change is on disk before it is answered."""

    def __init__(self, path: Path) -> None:
        """Open the database, or make it."""
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block alone and all or nothing; blocks nest into one."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._db
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    # People: only what differs from the demo's list is kept.

    def people_changes(self, email: str) -> tuple[tuple[str, ...] | None, bool]:
        """Return the changed groups (None: unchanged) and whether the person is active."""
        with self.transaction() as db:
            row = db.execute("SELECT groups, is_active FROM people WHERE email = ?", (email,)).fetchone()
        if row is None:
            return None, True
        return (None if row["groups"] is None else tuple(json.loads(row["groups"]))), bool(row["is_active"])

    def change_person(self, email: str, groups: tuple[str, ...] | None, *, is_active: bool) -> None:
        """Keep a person's changes."""
        stored = None if groups is None else json.dumps(groups)
        with self.transaction() as db:
            db.execute("REPLACE INTO people VALUES (?, ?, ?)", (email, stored, is_active))

    def forget_people_changes(self) -> None:
        """Restore everybody to the demo's list."""
        with self.transaction() as db:
            db.execute("DELETE FROM people")

    # Keys.

    def signing_keys(self) -> list[tuple[str, str, bytes]]:
        """Return (kid, use, PEM) of every key."""
        with self.transaction() as db:
            return [tuple(row) for row in db.execute("SELECT kid, use, pem FROM keys ORDER BY rowid")]

    def replace_key(self, kid: str, use: str, pem: bytes) -> None:
        """Put a key in the place of the one with the same use."""
        with self.transaction() as db:
            db.execute("DELETE FROM keys WHERE use = ?", (use,))
            db.execute("INSERT INTO keys VALUES (?, ?, ?)", (kid, use, pem))

    # Sessions.

    def session(self, key: str | None) -> Session | None:
        """Return the session that a cookie's value opens."""
        return None if key is None else self.session_by_sid(digest(key))

    def session_by_sid(self, sid: str) -> Session | None:
        """Return the session with that `sid`."""
        with self.transaction() as db:
            row = db.execute("SELECT * FROM sessions WHERE sid = ?", (sid,)).fetchone()
        return None if row is None else _session(row)

    def sessions_of(self, email: str) -> list[Session]:
        """Return a person's sessions."""
        with self.transaction() as db:
            return [_session(row) for row in db.execute("SELECT * FROM sessions WHERE email = ?", (email,))]

    def save_session(self, session: Session) -> None:
        """Write a session as a sign-in made it."""
        values = asdict(session)
        values["amr"] = json.dumps(values["amr"])
        with self.transaction() as db:
            db.execute("REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", tuple(values.values()))

    def mark_session(self, session: Session) -> None:
        """Write a session's marks, unless it was ended meanwhile."""
        marks = (session.is_fresh, session.was_prompted, session.has_unfinished_flow)
        with self.transaction() as db:
            db.execute(
                "UPDATE sessions SET is_fresh = ?, was_prompted = ?, has_unfinished_flow = ? WHERE sid = ?",
                (*marks, session.sid),
            )

    def delete_session(self, sid: str) -> None:
        """End a session; its tokens stay, as in authentik."""
        with self.transaction() as db:
            db.execute("DELETE FROM sessions WHERE sid = ?", (sid,))

    def forget_everybody(self) -> None:
        """Throw away all sessions, codes and tokens, telling no client."""
        with self.transaction() as db:
            for table in ("sessions", "codes", "tokens"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608 (three literals)

    # Codes and tokens.

    def save_code(self, secret: str, code: Code, expires_at: float) -> None:
        """Keep a code until it is redeemed."""
        with self.transaction() as db:
            db.execute("INSERT INTO codes VALUES (?, ?, ?)", (digest(secret), json.dumps(asdict(code)), expires_at))

    def code(self, secret: str, now: float) -> Code | None:
        """Return a code that is still good, and sweep those that are not."""
        with self.transaction() as db:
            db.execute("DELETE FROM codes WHERE expires_at <= ?", (now,))
            row = db.execute("SELECT data FROM codes WHERE digest = ?", (digest(secret),)).fetchone()
        if row is None:
            return None
        data = json.loads(row["data"])
        return Code(Grant(**data.pop("grant")), **data)

    def delete_code(self, secret: str) -> None:
        """Use a code up."""
        with self.transaction() as db:
            db.execute("DELETE FROM codes WHERE digest = ?", (digest(secret),))

    def save_token(self, secret: str, token: Token) -> None:
        """Keep a token by its digest."""
        grant = token.grant
        data = json.dumps({"grant": asdict(grant), "claims": token.claims})
        row = (digest(secret), token.kind, grant.client_id, grant.email, grant.sid, data, token.expires_at)
        with self.transaction() as db:
            db.execute("REPLACE INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def token(self, secret: str, now: float, kind: Kind | None = None) -> Token | None:
        """Return a token that has not expired or been revoked."""
        with self.transaction() as db:
            row = db.execute(
                "SELECT kind, data, expires_at FROM tokens WHERE digest = ? AND expires_at > ?",
                (digest(secret), now),
            ).fetchone()
        if row is None or kind not in (None, row["kind"]):
            return None
        data = json.loads(row["data"])
        return Token(row["kind"], Grant(**data["grant"]), data["claims"], row["expires_at"])

    def delete_token(self, secret: str) -> None:
        """Revoke one token."""
        with self.transaction() as db:
            db.execute("DELETE FROM tokens WHERE digest = ?", (digest(secret),))

    def delete_refresh_tokens(self, email: str) -> None:
        """Revoke a person's refresh tokens."""
        with self.transaction() as db:
            db.execute("DELETE FROM tokens WHERE kind = 'refresh' AND email = ?", (email,))

    def sweep(self, now: float) -> None:
        """Throw away what expired more than a day ago."""
        with self.transaction() as db:
            db.execute("DELETE FROM tokens WHERE expires_at < ?", (now - 86_400,))

    def clients_with_access(self, sid: str, now: float) -> list[str]:
        """Return the clients that hold a live access token of this session."""
        query = """SELECT DISTINCT client_id FROM tokens
            WHERE kind = 'access' AND sid = ? AND expires_at > ? ORDER BY client_id"""
        with self.transaction() as db:
            return [row["client_id"] for row in db.execute(query, (sid, now))]


def _session(row: sqlite3.Row) -> Session:
    return Session(
        sid=row["sid"],
        email=row["email"],
        login_id=row["login_id"],
        auth_time=row["auth_time"],
        amr=tuple(json.loads(row["amr"])),
        is_fresh=bool(row["is_fresh"]),
        was_prompted=bool(row["was_prompted"]),
        has_unfinished_flow=bool(row["has_unfinished_flow"]),
    )
