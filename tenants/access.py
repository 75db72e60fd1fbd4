"""The second question: may this person enter this workspace? Answered from the database, each time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from accounts.models import User
from tenants.audit import Actor
from tenants.delegates import delegate_of
from tenants.enums import ADMIN_ROLES, ActorType, Permission
from tenants.models import DelegatedAccess, Membership, Tenant
from tenants.scope import partner_scope, person_scope


@dataclass(frozen=True)
class Access:
    """A person's way into a workspace: a membership, or a grant to the partner they work for."""

    tenant: Tenant
    membership: Membership | None = None
    grant: DelegatedAccess | None = None
    partner_name: str = ""

    @property
    def is_delegated(self) -> bool:
        """Return whether the way in is a grant."""
        return self.grant is not None

    @property
    def ends_at(self) -> datetime | None:
        """Return when a grant ends; a membership has no end."""
        return self.grant.ends_at if self.grant else None

    @property
    def is_admin(self) -> bool:
        """Return whether the person administers the workspace by membership."""
        return self.membership is not None and self.membership.role in ADMIN_ROLES

    def may(self, permission: Permission) -> bool:
        """Return whether this way in allows `permission`; an admin may do everything."""
        return self.is_admin or (self.grant is not None and permission in self.grant.permissions)

    def acting(self, actor: Actor) -> Actor:
        """Return `actor` as they act here: for a firm, by a grant, where the way in is one."""
        if self.grant is None:
            return actor
        return replace(
            actor,
            type=ActorType.PARTNER,
            firm=self.partner_name,
            on_behalf_of=self.tenant.name,
            grant_id=self.grant.pk,
        )


def access_to(*, user: User, slug: str) -> Access | None:
    """Return a person's way into the workspace `slug`; None if there is none, whatever the reason.

    An unknown, a foreign and a suspended workspace give the same None. A plain member's access is
    returned too: it lets them be told no (403), where an outsider is told nothing (404).
    """
    with person_scope(user):
        membership = (
            Membership.objects.of(user).in_open_tenants().filter(tenant__slug=slug).select_related("tenant").first()
        )
    if membership is not None and membership.is_admin:
        return Access(tenant=membership.tenant, membership=membership)
    delegated = _delegated(user, slug)
    if delegated is not None:
        return delegated
    return Access(tenant=membership.tenant, membership=membership) if membership is not None else None


def may_still(*, tenant: Tenant, by: Actor, permission: Permission) -> bool:
    """Return whether an actor may do `permission` in a workspace now; asked inside a write's transaction (Z7).

    Runs in the caller's scope, which must admit the tenant. The system may; a suspended workspace lets in nobody.
    """
    if by.type is ActorType.SYSTEM:
        return True
    if by.user_id is None or not Tenant.objects.open().filter(pk=tenant.pk).exists():
        return False
    if by.grant_id is not None:
        grants = DelegatedAccess.objects.for_tenant(tenant).active().filter(pk=by.grant_id)
        return any(permission in grant.permissions for grant in grants)
    return Membership.objects.for_tenant(tenant).admins().filter(user_id=by.user_id).exists()


def _delegated(user: User, slug: str) -> Access | None:
    delegate = delegate_of(user)
    if delegate is None:
        return None
    with partner_scope(delegate.partner_id):
        tenant = Tenant.objects.open().filter(slug=slug, partner_id=delegate.partner_id).first()
        if tenant is None or not delegate.may_see(tenant.pk):
            return None
        grants = DelegatedAccess.objects.for_tenant(tenant).for_partner(delegate.partner_id).active()
        grant = grants.order_by("-ends_at").first()
    return Access(tenant=tenant, grant=grant, partner_name=delegate.firm) if grant is not None else None
