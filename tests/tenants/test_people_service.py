"""Who may change whom, decided inside the transaction that changes it (Z7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from partner.models import Partner
from tenants.access import access_to
from tenants.audit import SYSTEM, Actor
from tenants.enums import ActorType, AuditAction, MembershipRole, MembershipSource, TenantStatus
from tenants.models import AuditEvent, DelegatedAccess, Membership, Tenant
from tenants.scope import operator_scope, tenant_scope
from tenants.services import people
from tenants.services.people import NotAllowed, PeopleError
from tests.factories import (
    DelegatedAccessFactory,
    MembershipFactory,
    PartnerFactory,
    PartnerStaffFactory,
    TenantFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
OWNER, ADMIN, MEMBER = MembershipRole.OWNER, MembershipRole.ADMIN, MembershipRole.MEMBER

type Change = Callable[[Tenant, Membership, Actor], Any]


def _promote(tenant: Tenant, member: Membership, by: Actor) -> Any:
    return people.change_role(tenant=tenant, membership_id=member.pk, role=ADMIN, by=by)


def _demote(tenant: Tenant, member: Membership, by: Actor) -> Any:
    return people.change_role(tenant=tenant, membership_id=member.pk, role=MEMBER, by=by)


def _remove(tenant: Tenant, member: Membership, by: Actor) -> Any:
    return people.remove_member(tenant=tenant, membership_id=member.pk, by=by)


CHANGES = pytest.mark.parametrize("change", [_promote, _remove], ids=["role", "removal"])


@pytest.fixture
def tenant() -> Tenant:
    """Return a workspace with room for ten, of whom five are there."""
    made: Tenant = TenantFactory(seats_used=5, partner=PartnerFactory(name="Northwind"))
    return made


def _member(tenant: Tenant, role: MembershipRole = MEMBER, **values: Any) -> Membership:
    made: Membership = MembershipFactory(tenant=tenant, role=role, **values)
    return made


def _acting(user: User) -> Actor:
    return Actor(type=ActorType.PERSON, name=user.label, user_id=user.pk, email=user.email)


def _delegate(tenant: Tenant, *permissions: str) -> tuple[Actor, DelegatedAccess]:
    """Return somebody of the partner's staff as they act in the workspace."""
    assert tenant.partner_id is not None
    staff = PartnerStaffFactory(partner=Partner.objects.get(pk=tenant.partner_id))
    grant: DelegatedAccess = DelegatedAccessFactory(tenant=tenant, partner=staff.partner, permissions=list(permissions))
    access = access_to(user=staff.user, slug=tenant.slug)
    assert access is not None
    return access.acting(_acting(staff.user)), grant


def _state(tenant: Tenant) -> tuple[Any, ...]:
    with operator_scope():
        return (
            sorted(Membership.objects.filter(tenant=tenant).values_list("pk", "role", "source")),
            Tenant.objects.get(pk=tenant.pk).seats_used,
            AuditEvent.objects.filter(tenant=tenant).count(),
        )


def _events(tenant: Tenant) -> list[AuditEvent]:
    with tenant_scope(tenant):
        return list(AuditEvent.objects.for_tenant(tenant).order_by("sequence"))


def _refused(tenant: Tenant, change: Change, member: Membership, by: Actor, error: type[PeopleError]) -> str:
    before = _state(tenant)
    with pytest.raises(PeopleError) as caught:
        change(tenant, member, by)
    assert type(caught.value) is error
    assert _state(tenant) == before
    return str(caught.value)


def test_a_role_is_changed_and_told_with_before_and_after(tenant: Tenant) -> None:
    admin, member = _member(tenant, ADMIN), _member(tenant)
    changed = _promote(tenant, member, _acting(admin.user))
    assert (changed.pk, changed.role) == (member.pk, ADMIN)
    (event,) = _events(tenant)
    assert (event.action, event.actor_id, event.firm, event.grant_id) == (
        AuditAction.PERSON_ROLE,
        admin.user_id,
        "",
        None,
    )
    assert (event.object_id, event.object_label) == (str(member.pk), member.user.label)
    assert event.changes == [{"field": "role", "before": "Member", "after": "Admin"}]


def test_the_role_one_has_already_writes_nothing(tenant: Tenant) -> None:
    admin, member = _member(tenant, ADMIN), _member(tenant)
    before = _state(tenant)
    _demote(tenant, member, _acting(admin.user))
    assert _state(tenant) == before


def test_a_removal_frees_a_seat_and_is_told(tenant: Tenant) -> None:
    admin, member = _member(tenant, ADMIN), _member(tenant)
    _remove(tenant, member, _acting(admin.user))
    members, seats_used, _ = _state(tenant)
    assert (members, seats_used) == ([(admin.pk, ADMIN, MembershipSource.INVITED)], 4)
    (event,) = _events(tenant)
    assert (event.action, event.object_id) == (AuditAction.PERSON_REMOVE, str(member.pk))
    assert event.changes == [{"field": "role", "before": "Member", "after": ""}]


def test_an_addition_takes_a_seat_once(tenant: Tenant) -> None:
    user = UserFactory()
    for role in (MEMBER, ADMIN):
        people.add_member(tenant=tenant, user=user, role=role, source=MembershipSource.INVITED, by=SYSTEM)
    with tenant_scope(tenant):
        assert [m.role for m in Membership.objects.for_tenant(tenant)] == [MEMBER]
    assert _state(tenant)[1:] == (6, 1)


@CHANGES
def test_nobody_changes_themselves(tenant: Tenant, change: Change) -> None:
    _member(tenant, OWNER)
    for role in (OWNER, ADMIN):
        me = _member(tenant, role)
        assert "your own access" in _refused(tenant, change, me, _acting(me.user), PeopleError)


@pytest.mark.parametrize("change", [_demote, _remove], ids=["role", "removal"])
def test_the_last_owner_stays(tenant: Tenant, change: Change) -> None:
    """Whoever asks: an admin may not, and another owner is not there."""
    owner, admin = _member(tenant, OWNER), _member(tenant, ADMIN)
    _refused(tenant, change, owner, _acting(admin.user), NotAllowed)
    second = _member(tenant, OWNER)
    change(tenant, second, _acting(owner.user))
    with operator_scope():
        assert [m.pk for m in Membership.objects.filter(tenant=tenant, role=OWNER)] == [owner.pk]


def test_the_last_owner_stays_even_if_a_second_one_was_there_a_moment_ago(tenant: Tenant) -> None:
    """Z7: two owners who demote each other at once leave one; the second finds itself no owner any more."""
    first, second = _member(tenant, OWNER), _member(tenant, OWNER)
    _demote(tenant, second, _acting(first.user))
    _refused(tenant, _demote, first, _acting(second.user), NotAllowed)


@pytest.mark.parametrize("change", [_demote, _remove], ids=["role", "removal"])
def test_only_an_owner_touches_an_owner(tenant: Tenant, change: Change) -> None:
    _member(tenant, OWNER)
    other, admin = _member(tenant, OWNER), _member(tenant, ADMIN)
    assert "Only an owner" in _refused(tenant, change, other, _acting(admin.user), NotAllowed)


def test_only_an_owner_makes_an_owner(tenant: Tenant) -> None:
    owner, admin, member = _member(tenant, OWNER), _member(tenant, ADMIN), _member(tenant)

    def crown(at: Tenant, whom: Membership, by: Actor) -> Any:
        return people.change_role(tenant=at, membership_id=whom.pk, role=OWNER, by=by)

    delegate, _ = _delegate(tenant, "people:read", "people:write")
    for actor in (_acting(admin.user), delegate):
        assert "Only an owner" in _refused(tenant, crown, member, actor, NotAllowed)
    crown(tenant, member, _acting(owner.user))
    with operator_scope():
        assert Membership.objects.get(pk=member.pk).role == OWNER


@CHANGES
def test_a_directorys_member_is_the_directorys(tenant: Tenant, change: Change) -> None:
    admin, member = _member(tenant, ADMIN), _member(tenant, source=MembershipSource.DIRECTORY)
    assert "your directory" in _refused(tenant, change, member, _acting(admin.user), PeopleError)


@CHANGES
def test_a_plain_member_changes_nobody(tenant: Tenant, change: Change) -> None:
    me, member = _member(tenant), _member(tenant)
    _refused(tenant, change, member, _acting(me.user), NotAllowed)


@CHANGES
def test_neither_an_outsider_nor_a_foreign_admin_changes_anybody(tenant: Tenant, change: Change) -> None:
    member, foreign = _member(tenant), _member(TenantFactory(), OWNER)
    for user in (UserFactory(), foreign.user):
        _refused(tenant, change, member, _acting(user), NotAllowed)
    _refused(tenant, change, member, SYSTEM, NotAllowed)


@CHANGES
def test_a_person_of_another_workspace_is_not_found(tenant: Tenant, change: Change) -> None:
    """Z4: neither here nor there is anything changed."""
    admin, foreign = _member(tenant, ADMIN), _member(TenantFactory(seats_used=5))
    before = _state(foreign.tenant)
    assert "no longer" in _refused(tenant, change, foreign, _acting(admin.user), PeopleError)
    assert _state(foreign.tenant) == before
    ghost = Membership(pk=uuid4(), tenant=tenant)
    assert "no longer" in _refused(tenant, change, ghost, _acting(admin.user), PeopleError)


@CHANGES
def test_a_delegate_with_the_permission_acts_and_is_named_with_firm_and_grant(tenant: Tenant, change: Change) -> None:
    member = _member(tenant)
    delegate, grant = _delegate(tenant, "people:read", "people:write")
    change(tenant, member, delegate)
    (event,) = _events(tenant)
    assert (event.actor_type, event.actor_id, event.actor_name) == (
        ActorType.PARTNER,
        delegate.user_id,
        delegate.name,
    )
    assert (event.firm, event.on_behalf_of, event.grant_id) == ("Northwind", tenant.name, grant.pk)


@CHANGES
def test_a_delegate_without_the_permission_changes_nobody(tenant: Tenant, change: Change) -> None:
    member = _member(tenant)
    delegate, _ = _delegate(tenant, "people:read", "audit:read", "billing:write")
    _refused(tenant, change, member, delegate, NotAllowed)


@CHANGES
@pytest.mark.parametrize("ending", ["taken back", "run out", "permission gone", "of another tenant", "not yet"])
def test_a_grant_that_ended_between_load_and_save_counts_no_more(tenant: Tenant, change: Change, ending: str) -> None:
    """Z7."""
    member = _member(tenant)
    delegate, grant = _delegate(tenant, "people:read", "people:write")
    now = timezone.now()
    endings: dict[str, dict[str, Any]] = {
        "taken back": {"ended_at": now},
        "run out": {"starts_at": now - timedelta(hours=2), "ends_at": now},
        "permission gone": {"permissions": ["people:read"]},
        "of another tenant": {"tenant": TenantFactory()},
        "not yet": {"starts_at": now + timedelta(hours=1)},
    }
    with operator_scope():
        assert DelegatedAccess.objects.filter(pk=grant.pk).update(**endings[ending]) == 1
    _refused(tenant, change, member, delegate, NotAllowed)


@CHANGES
def test_somebody_else_s_grant_id_opens_nothing(tenant: Tenant, change: Change) -> None:
    """A grant that never was, and one of another workspace."""
    member = _member(tenant)
    delegate, _ = _delegate(tenant, "people:write")
    _other, foreign_grant = _delegate(TenantFactory(partner=PartnerFactory()), "people:write")
    for grant_id in (uuid4(), foreign_grant.pk):
        _refused(tenant, change, member, replace(delegate, grant_id=grant_id), NotAllowed)


@CHANGES
@pytest.mark.parametrize("loss", ["demoted", "removed"])
def test_an_admin_who_lost_the_role_between_load_and_save_changes_nobody(
    tenant: Tenant, change: Change, loss: str
) -> None:
    """Z7."""
    admin, member = _member(tenant, ADMIN), _member(tenant)
    with operator_scope():
        mine = Membership.objects.filter(pk=admin.pk)
        _ = mine.delete() if loss == "removed" else mine.update(role=MEMBER)
    _refused(tenant, change, member, _acting(admin.user), NotAllowed)


@CHANGES
def test_a_workspace_suspended_meanwhile_takes_no_change(tenant: Tenant, change: Change) -> None:
    """Z7, Z8: the caller still holds the workspace as it was."""
    owner, member = _member(tenant, OWNER), _member(tenant)
    with operator_scope():
        Tenant.objects.filter(pk=tenant.pk).update(status=TenantStatus.SUSPENDED)
    assert "suspended" in _refused(tenant, change, member, _acting(owner.user), NotAllowed)


def test_the_directory_adds_changes_and_removes_its_own(tenant: Tenant) -> None:
    user = UserFactory()
    seen = []
    for role in (MEMBER, MEMBER, ADMIN, None, None):
        people.sync_directory(tenant=tenant, user=user, role=role, by=SYSTEM)
        members, seats_used, events = _state(tenant)
        seen.append(([(role, source) for _, role, source in members], seats_used, events))
    directory = MembershipSource.DIRECTORY
    assert seen == [
        ([(MEMBER, directory)], 6, 1),
        ([(MEMBER, directory)], 6, 1),
        ([(ADMIN, directory)], 6, 2),
        ([], 5, 3),
        ([], 5, 3),
    ]


@pytest.mark.parametrize("role", [MEMBER, ADMIN, OWNER])
@pytest.mark.parametrize("wanted", [None, MEMBER, ADMIN])
def test_the_directory_leaves_the_invited_alone(
    tenant: Tenant, role: MembershipRole, wanted: MembershipRole | None
) -> None:
    member = _member(tenant, role)
    before = _state(tenant)
    people.sync_directory(tenant=tenant, user=member.user, role=wanted, by=SYSTEM)
    assert _state(tenant) == before
