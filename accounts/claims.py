"""From the identity provider's groups to Dezky's roles: one pure function."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts.enums import DirectoryRole

PLATFORM_ADMINS = "dezky-platform-admins"
SUPPORT_STAFF = "dezky-support"

_SLUG = r"(?P<slug>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)"
_TENANT = re.compile(rf"dezky-tenant-{_SLUG}-(?P<kind>admins|members)", re.ASCII)
_PARTNER = re.compile(rf"dezky-partner-{_SLUG}-(?P<kind>admins|agents)", re.ASCII)
_KINDS = {"admins": DirectoryRole.ADMIN, "members": DirectoryRole.MEMBER, "agents": DirectoryRole.AGENT}


@dataclass(frozen=True)
class Roles:
    """What the groups of a person amount to; `tenants` and `partners` map slugs to roles."""

    is_platform_admin: bool = False
    is_support: bool = False
    tenants: dict[str, DirectoryRole] = field(default_factory=dict)
    partners: dict[str, DirectoryRole] = field(default_factory=dict)


def roles_from_groups(groups: Iterable[object]) -> Roles:
    """Return the roles that `groups` give; what is not exactly one of our group names gives nothing.

    A person in both groups of a tenant is its admin.
    """
    names = {group for group in groups if isinstance(group, str)}
    return Roles(
        is_platform_admin=PLATFORM_ADMINS in names,
        is_support=SUPPORT_STAFF in names,
        tenants=_by_slug(_TENANT, names),
        partners=_by_slug(_PARTNER, names),
    )


def _by_slug(pattern: re.Pattern[str], names: set[str]) -> dict[str, DirectoryRole]:
    found: dict[str, DirectoryRole] = {}
    for name in sorted(names):
        match = pattern.fullmatch(name)
        if match is None:
            continue
        role = _KINDS[match["kind"]]
        if found.get(match["slug"]) is not DirectoryRole.ADMIN:
            found[match["slug"]] = role
    return found
