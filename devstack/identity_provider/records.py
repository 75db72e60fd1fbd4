"""What the store keeps, as plain values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["access", "refresh"]


def digest(secret: str) -> str:
    """Return the SHA-256 of `secret`: no code, token or cookie is stored in clear."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True)
class Session:
    """One browser's single sign-on session; `login_id` changes with every sign-in in it."""

    sid: str
    email: str
    login_id: str
    auth_time: float
    amr: tuple[str, ...]
    is_fresh: bool = True
    was_prompted: bool = False
    has_unfinished_flow: bool = False


@dataclass(frozen=True)
class Grant:
    """What a code or a token stands for."""

    client_id: str
    email: str
    scope: str
    sid: str
    login_id: str
    auth_time: float

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the granted scopes one by one."""
        return tuple(self.scope.split())


@dataclass(frozen=True)
class Code:
    """An authorization code's bindings."""

    grant: Grant
    redirect_uri: str
    code_challenge: str
    nonce: str | None


@dataclass(frozen=True)
class Token:
    """A stored access or refresh token; `claims` are those of the moment it was issued."""

    kind: Kind
    grant: Grant
    claims: dict[str, Any]
    expires_at: float
