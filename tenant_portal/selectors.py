"""What the launcher and the switcher show a person: exactly what they may open."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from accounts.models import User
from partner.selectors import staff_of
from tenants.models import Membership
from tenants.scope import person_scope
from tenants.selectors import workspaces


@dataclass(frozen=True)
class Tile:
    """One door of the launcher; `is_external` marks a surface with a session of its own."""

    href: str
    label: str
    description: str
    icon: str
    hue: int
    is_external: bool = False


@dataclass(frozen=True)
class Door:
    """One entry of the workspace switcher."""

    href: str
    name: str
    note: str
    mark: str
    is_current: bool


def memberships_of(user: User) -> list[Membership]:
    """Return a person's workspaces that can be entered, by name."""
    with person_scope(user):
        return list(workspaces(user=user).order_by("tenant__name"))


def tiles_for(user: User, memberships: list[Membership]) -> list[Tile]:
    """Return the doors that are open to a person: Personal for all, the others by role."""
    tiles = [Tile(reverse("accounts:profile"), "Personal", "Your profile and sign-in", "user", 6)]
    if any(membership.is_admin for membership in memberships):
        tiles.append(Tile(reverse("dashboard:index"), "Admin", "People, plan and audit log", "settings", 4))
    staff = staff_of(user)
    if staff is not None:
        tiles.append(
            Tile(reverse("partner:customers"), "Partner", f"Customers of {staff.partner.name}", "handshake", 3)
        )
    if user.is_platform_admin:
        tiles.append(
            Tile(reverse("operator:overview"), "Operator", "Tenants and the platform", "server", 1, is_external=True)
        )
    if user.is_staff:
        tiles.append(Tile(reverse("admin:index"), "Support", "Look things up", "life-buoy", 2, is_external=True))
    return tiles


def doors_for(user: User, path: str) -> list[Door]:
    """Return the switcher's entries: the workspaces a person administers, and the other surfaces."""
    doors = [
        _door(reverse("dashboard:overview", kwargs={"slug": m.tenant.slug}), m.tenant.name, "Workspace", path)
        for m in memberships_of(user)
        if m.is_admin
    ]
    staff = staff_of(user)
    if staff is not None:
        doors.append(_door(reverse("partner:customers"), staff.partner.name, "Partner portal", path))
    if user.is_platform_admin:
        doors.append(_door(reverse("operator:overview"), "Dezky", "Operator portal", path))
    return doors


def _door(href: str, name: str, note: str, path: str) -> Door:
    return Door(href=href, name=name, note=note, mark=name[:1].upper(), is_current=path.startswith(href))
