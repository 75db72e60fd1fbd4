"""Writes about people: who signed in, and what the provider says of them."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts import signals
from accounts.claims import roles_from_groups
from accounts.clients import OIDCClient
from accounts.models import User


def record_identity(*, client: OIDCClient, claims: dict[str, Any]) -> User:
    """Create or update the person of verified `claims`, and hand their roles to the floors above.

    A person is found by (issuer, sub) alone (A4). Roles come from the groups of this very answer,
    so a group taken away takes its role away, in one transaction with everything that follows.
    """
    groups = claims.get("groups")
    roles = roles_from_groups(groups if isinstance(groups, list) else [])
    known = {
        "email": _text(claims.get("email"), 320),
        "name": _text(claims.get("name"), 255),
        "is_platform_admin": roles.is_platform_admin,
        "is_staff": roles.is_support,
    }
    with transaction.atomic():
        user, created = User.objects.select_for_update().get_or_create(
            issuer=client.identity_issuer, sub=claims["sub"], defaults=known
        )
        if not created:
            changed = [field for field, value in known.items() if getattr(user, field) != value]
            for field in changed:
                setattr(user, field, known[field])
            if changed:
                user.save(update_fields=changed)
        signals.roles_confirmed.send(sender=User, user=user, roles=roles)
    return user


def _text(value: object, limit: int) -> str:
    """Return a claim as one line of text, without what can't be stored or would not be seen."""
    text = value if isinstance(value, str) else ""
    return "".join(character for character in text if character.isprintable()).strip()[:limit]
