"""Is a sign-in at the provider strong and recent enough for the session that it opens: A15, S12."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from accounts.clients import OIDCClient
from accounts.enums import ClientName, Shortfall
from accounts.models import User

LEEWAY_SECONDS = 60


@dataclass(frozen=True)
class Demand:
    """What this sign-in was sent out to bring: with `again`, one made after `asked_at_seconds`."""

    again: bool = False
    asked_at_seconds: float = 0


def authenticated_at(claims: dict[str, Any]) -> datetime | None:
    """Return when the person last proved who they are, by the provider's word; never in the future."""
    seconds = claims.get("auth_time")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
        return None
    try:
        return min(datetime.fromtimestamp(seconds, UTC), timezone.now())
    except (OverflowError, OSError, ValueError):
        return None


def shortfall(*, client: OIDCClient, user: User, claims: dict[str, Any], demand: Demand) -> Shortfall | None:
    """Return what the sign-in lacks, or None if it will do.

    authentik passes the operator's second factor by where a session with a password alone exists, so
    that its claims have to be looked at; and an older session of the provider must not open what was
    signed out everywhere.
    """
    at = authenticated_at(claims)
    if client.name is ClientName.OPERATOR:
        if not _has_second_factor(claims):
            return Shortfall.SECOND_FACTOR
        if at is None or timezone.now() - at > client.absolute:
            return Shortfall.TOO_OLD
    if user.is_cut_off(claims.get("auth_time")):
        return Shortfall.SIGNED_OUT_EVERYWHERE
    if demand.again and (at is None or at.timestamp() < demand.asked_at_seconds - LEEWAY_SECONDS):
        return Shortfall.TOO_OLD
    return None


def _has_second_factor(claims: dict[str, Any]) -> bool:
    methods = claims.get("amr")
    return isinstance(methods, list) and "mfa" in methods
