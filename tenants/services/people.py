"""Writes about who belongs to a workspace."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F
from django.utils import timezone

from accounts.models import User
from tenants import audit, selectors
from tenants.audit import Actor, Change, Thing
from tenants.enums import ADMIN_ROLES, AuditAction, MembershipRole, MembershipSource, Permission
from tenants.models import DelegatedAccess, Membership, Tenant
from tenants.scope import tenant_scope


class PeopleError(Exception):
    """A change to people that can't be made; the message is for the person who tried."""


class NotAllowed(PeopleError):
    """Whoever tries is not, or no longer, entitled to."""


def add_member(*, tenant: Tenant, user: User, role: MembershipRole, source: MembershipSource, by: Actor) -> Membership:
    """Add a person to a workspace; somebody who is in already stays as they are."""
    with tenant_scope(tenant):
        _lock(tenant)
        member, created = Membership.objects.get_or_create(
            tenant=tenant, user=user, defaults={"role": role, "source": source}
        )
        if created:
            Tenant.objects.filter(pk=tenant.pk).update(seats_used=F("seats_used") + 1)
            audit.record(
                tenant=tenant,
                action=AuditAction.PERSON_ADD,
                by=by,
                thing=_thing(user, member),
                changes=(Change("role", "", role.label),),
            )
    return member


def change_role(*, tenant: Tenant, membership_id: UUID, role: MembershipRole, by: Actor) -> Membership:
    """Give a member another role.

    Raises:
        PeopleError: the last owner, oneself, a directory's member, or nobody of that id.
        NotAllowed: `by` may not, as of now; checked in this very transaction (Z7).
    """
    with tenant_scope(tenant):
        member = _changeable(tenant, membership_id, by, touches_owner=role is MembershipRole.OWNER)
        before = member.role_label
        if member.role == role:
            return member
        member.role = role
        member.save(update_fields=["role"])
        audit.record(
            tenant=tenant,
            action=AuditAction.PERSON_ROLE,
            by=by,
            thing=_thing(member.user, member),
            changes=(Change("role", before, role.label),),
        )
    return member


def remove_member(*, tenant: Tenant, membership_id: UUID, by: Actor) -> None:
    """Take a person out of a workspace.

    Raises:
        PeopleError, NotAllowed: as `change_role`.
    """
    with tenant_scope(tenant):
        member = _changeable(tenant, membership_id, by, touches_owner=False)
        audit.record(
            tenant=tenant,
            action=AuditAction.PERSON_REMOVE,
            by=by,
            thing=_thing(member.user, member),
            changes=(Change("role", member.role_label, ""),),
        )
        member.delete()
        Tenant.objects.filter(pk=tenant.pk).update(seats_used=F("seats_used") - 1)


def sync_directory(*, tenant: Tenant, user: User, role: MembershipRole | None, by: Actor) -> None:
    """Make a person's directory membership what their groups say; None takes it away.

    Touches only memberships that the directory gave: an owner or an invited person stays.
    """
    with tenant_scope(tenant):
        member = Membership.objects.for_tenant(tenant).of(user).first()
        if member is None:
            if role is not None:
                add_member(tenant=tenant, user=user, role=role, source=MembershipSource.DIRECTORY, by=by)
            return
        if member.source != MembershipSource.DIRECTORY or member.role == role:
            return
        if role is None:
            _leave_directory(tenant, member, by)
            return
        before = member.role_label
        member.role = role
        member.save(update_fields=["role"])
        changes = (Change("role", before, role.label),)
        audit.record(
            tenant=tenant, action=AuditAction.PERSON_ROLE, by=by, thing=_thing(member.user, member), changes=changes
        )


def mark_seen(*, tenant: Tenant, user: User) -> None:
    """Remember that a person was here."""
    with tenant_scope(tenant):
        Membership.objects.for_tenant(tenant).of(user).update(last_seen_at=timezone.now())


def _leave_directory(tenant: Tenant, member: Membership, by: Actor) -> None:
    _lock(tenant)
    changes = (Change("role", member.role_label, ""),)
    audit.record(
        tenant=tenant, action=AuditAction.PERSON_REMOVE, by=by, thing=_thing(member.user, member), changes=changes
    )
    member.delete()
    Tenant.objects.filter(pk=tenant.pk).update(seats_used=F("seats_used") - 1)


def _changeable(tenant: Tenant, membership_id: UUID, by: Actor, *, touches_owner: bool) -> Membership:
    """Return the member to change, with the tenant locked so that two changes can't both be the last."""
    locked = _lock(tenant)
    if locked.is_suspended:
        raise NotAllowed("This workspace is suspended.")
    member = selectors.person(tenant=tenant, membership_id=membership_id)
    if member is None:
        raise PeopleError("This person is no longer in the workspace.")
    rank = _rank(tenant, by)
    if member.user_id == by.user_id:
        raise PeopleError("You can't change your own access. Ask another owner or admin.")
    is_owner = member.role == MembershipRole.OWNER
    if (is_owner or touches_owner) and rank is not MembershipRole.OWNER:
        raise NotAllowed("Only an owner can change who owns the workspace.")
    if is_owner and selectors.has_one_owner(tenant=tenant):
        raise PeopleError("The last owner can't be removed or demoted. Make somebody else an owner first.")
    if member.source == MembershipSource.DIRECTORY:
        raise PeopleError("This person comes from your directory. Change their groups there.")
    return member


def _rank(tenant: Tenant, by: Actor) -> MembershipRole:
    """Return as what `by` acts on people now."""
    if by.user_id is None:
        raise NotAllowed("Only a person can change people.")
    member = Membership.objects.for_tenant(tenant).filter(user_id=by.user_id).first()
    if by.grant_id is None and member is not None and member.role in ADMIN_ROLES:
        return MembershipRole(member.role)
    if by.grant_id is not None:
        grant = DelegatedAccess.objects.for_tenant(tenant).active().filter(pk=by.grant_id).first()
        if grant is not None and Permission.PEOPLE_WRITE in grant.permissions:
            return MembershipRole.ADMIN
    raise NotAllowed("You are not allowed to change people here any more.")


def _lock(tenant: Tenant) -> Tenant:
    return Tenant.objects.select_for_update().get(pk=tenant.pk)


def _thing(user: User, member: Membership) -> Thing:
    return Thing(type="membership", id=str(member.pk), label=user.label)
