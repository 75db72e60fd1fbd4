"""The provider as one object: what is configured, what is stored, what tests have bent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devstack.faults import Counts, Faults
from devstack.people import PEOPLE

from .applications import Application
from .configuration import Configuration
from .directory import Account, Directory
from .keys import KeyRing
from .records import Session
from .store import Store
from .web import Request

ACCESS_TOKEN_SECONDS = 3600
REFRESH_TOKEN_SECONDS = 30 * 86_400
CODE_SECONDS = 60


@dataclass(frozen=True)
class Tampering:
    """How the next tokens of one kind (id, access, logout) or userinfo answers are falsified."""

    token: str
    claims: dict[str, Any] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    alg: str | None = None
    key: str | None = None

    def bend(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Return `claims` with the falsified ones in and the removed ones out."""
        return {name: value for name, value in {**claims, **self.claims}.items() if name not in self.remove}


@dataclass(frozen=True)
class Monitor:
    """The service account that may read the configuration, and the passwords of the probe accounts."""

    token: str = ""
    passwords: Mapping[str, str] = field(default_factory=dict)


class Provider:
    """Everything that the endpoints share."""

    def __init__(
        self, applications: dict[str, Application], site_url: str, data_dir: Path, monitor: Monitor | None = None
    ) -> None:
        """Open the data directory, made if it is missing; without a monitor the API knows nobody."""
        data_dir.mkdir(parents=True, exist_ok=True)
        self.applications = applications
        self.site_url = site_url
        self.store = Store(data_dir / "identity.sqlite3")
        self.configuration = Configuration(applications)
        self.monitor = monitor or Monitor()
        self.directory = Directory(self.store, self.configuration)
        self.keys = KeyRing(self.store)
        self.faults = Faults()
        self.counts = Counts()
        self.tampering: dict[str, Tampering] = {}
        self.pending: dict[str, str] = {}  # who is half way through the flow executor, by cookie
        self.skew_seconds = 0.0
        self.access_token_seconds = ACCESS_TOKEN_SECONDS
        self.store.sweep(self.now())

    def now(self) -> float:
        """Return the time by the provider's clock, which tests can shift."""
        return time.time() + self.skew_seconds

    def reset(self) -> None:
        """Behave again; sessions, tokens and keys stay."""
        self.faults.clear([])
        self.counts.clear()
        self.tampering = {}
        self.skew_seconds = 0.0
        self.access_token_seconds = ACCESS_TOKEN_SECONDS
        self.keys.encryption_kid = "different"
        self.directory.restore()
        self.configuration.restore()

    def sign(self, application: Application, kind: str, claims: Mapping[str, Any], typ: str = "JWT") -> str:
        """Return a signed token, falsified if a test asked for it."""
        tampering = self.tampering.get(kind, Tampering(kind))
        own_alg = None if self.configuration.setup(application).has_signing_key else "HS256"
        return self.keys.sign(
            tampering.bend(claims),
            typ=typ,
            alg=tampering.alg or own_alg,
            key=tampering.key,
            client_secret=application.secret,
        )

    def signed_in(self, request: Request) -> tuple[Session, Account] | None:
        """Return who is signed in in this browser; a deactivated person is nobody."""
        session = self.store.session(request.session_key)
        account = self.directory.active(session.email) if session else None
        return (session, account) if session and account else None

    def signed_in_people(self) -> dict[str, int]:
        """Return the number of sessions by e-mail address; a deactivated person has none."""
        sessions = {person.email: len(self.store.sessions_of(person.email)) for person in PEOPLE}
        return {email: count for email, count in sessions.items() if count and self.directory.active(email)}
