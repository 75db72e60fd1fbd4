"""What partner makes of what accounts tells."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts import signals
from accounts.claims import Roles
from accounts.enums import DirectoryRole
from accounts.models import User
from partner import services
from partner.enums import StaffRole
from tenants.audit import SYSTEM

_ROLES = {DirectoryRole.ADMIN: StaffRole.ADMIN, DirectoryRole.AGENT: StaffRole.AGENT}


@receiver(signals.roles_confirmed)
def sync_partner_staff(user: User, roles: Roles, **_kwargs: Any) -> None:
    """Make a person's place at a partner what the identity provider's groups say."""
    services.sync_staff(user=user, wanted={slug: _ROLES[role] for slug, role in roles.partners.items()}, by=SYSTEM)
