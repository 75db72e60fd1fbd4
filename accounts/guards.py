"""The first question of every request: what kind of person is this? One pure function decides.

The table of surfaces stands in `config/guards.py`. A namespace without a row is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.enums import Audience, ClientName, Confirmation, Failure, Verdict


@dataclass(frozen=True)
class Rule:
    """One row of the guard table: for whom a URL namespace is, and how it fails."""

    audience: Audience
    failure: Failure = Failure.CLOSED


@dataclass(frozen=True)
class Caller:
    """What a guard knows of the person: all of it read in this request."""

    is_signed_in: bool = False
    client: ClientName | None = None
    is_platform_admin: bool = False
    is_staff: bool = False
    is_partner_staff: bool = False
    confirmation: Confirmation = Confirmation.CONFIRMED


def decide(rule: Rule | None, caller: Caller, *, is_safe: bool) -> Verdict:
    """Return what becomes of a request; what nothing allows is refused.

    The order matters: who you are comes before whether we could confirm it, so that a definite no
    is never softened by an outage; and an outage never shows data to somebody it would refuse.
    """
    if rule is None:
        return Verdict.FORBIDDEN
    if rule.audience is Audience.PUBLIC:
        return Verdict.ALLOW
    if not caller.is_signed_in:
        return Verdict.SIGN_IN
    if not _qualifies(rule.audience, caller):
        return Verdict.NOT_AUTHORISED if rule.audience is Audience.OPERATOR else Verdict.FORBIDDEN
    return _when_unconfirmed(rule.failure, caller.confirmation, is_safe=is_safe)


def _qualifies(audience: Audience, caller: Caller) -> bool:
    match audience:
        case Audience.OPERATOR:
            return caller.client is ClientName.OPERATOR and caller.is_platform_admin
        case Audience.PARTNER:
            return caller.client is ClientName.PORTAL and caller.is_partner_staff
        case Audience.SUPPORT:
            return caller.client is ClientName.PORTAL and caller.is_staff
        case Audience.TENANT | Audience.SIGNED_IN:
            return caller.client is ClientName.PORTAL
        case Audience.API:
            return True  # each API view names its own audience, and its permission asks again
        case _:
            return False


def _when_unconfirmed(failure: Failure, confirmation: Confirmation, *, is_safe: bool) -> Verdict:
    if confirmation is Confirmation.CONFIRMED:
        return Verdict.ALLOW
    if failure is Failure.OPEN and confirmation is Confirmation.GRACE and is_safe:
        return Verdict.ALLOW
    return Verdict.UNAVAILABLE


@cache
def table() -> dict[str, Rule]:
    """Return the guard table of the settings, by URL namespace."""
    rules: dict[str, Rule] = import_string(settings.GUARDS)
    return rules


def rule_for(namespaces: list[str]) -> Rule | None:
    """Return the row of a resolved URL: that of its outermost namespace."""
    return table().get(namespaces[0]) if namespaces else None
