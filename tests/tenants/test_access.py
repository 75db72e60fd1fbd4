"""The way into a workspace: by membership, by a grant, or none (Z2, Z7, Z8)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from partner.enums import StaffRole
from partner.models import Partner, PartnerStaff
from partner.services import assign_customer
from tenants.access import Access, access_to
from tenants.audit import Actor
from tenants.enums import ActorType, MembershipRole, Permission, TenantStatus
from tenants.models import DelegatedAccess, Tenant
from tenants.scope import operator_scope
from tests.factories import (
    DelegatedAccessFactory,
    MembershipFactory,
    PartnerFactory,
    PartnerStaffFactory,
    TenantFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm() -> Partner:
    """Return a partner."""
    made: Partner = PartnerFactory(name="Northwind")
    return made


@pytest.fixture
def tenant(firm: Partner) -> Tenant:
    """Return a customer of the partner."""
    made: Tenant = TenantFactory(partner=firm)
    return made


def _entry(user: User, tenant: Tenant) -> Access | None:
    return access_to(user=user, slug=tenant.slug)


def _set(tenant: Tenant, **values: Any) -> None:
    with operator_scope():
        Tenant.objects.filter(pk=tenant.pk).update(**values)


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("admin", True), ("member", False)])
def test_a_membership_is_a_way_in_and_its_role_says_how_far(tenant: Tenant, role: str, may: bool) -> None:
    member = MembershipFactory(tenant=tenant, role=MembershipRole(role))
    access = _entry(member.user, tenant)
    assert access is not None
    assert (access.tenant.pk, access.is_delegated, access.ends_at) == (tenant.pk, False, None)
    assert [access.may(permission) for permission in Permission] == [may] * len(Permission)


def test_there_is_none_for_a_stranger_nor_to_an_unknown_workspace(tenant: Tenant) -> None:
    member = MembershipFactory(tenant=tenant, role=MembershipRole.OWNER)
    assert _entry(UserFactory(), tenant) is None
    assert _entry(MembershipFactory().user, tenant) is None
    assert access_to(user=member.user, slug="nowhere") is None


def test_a_grant_is_a_way_in_with_exactly_its_permissions(tenant: Tenant, firm: Partner) -> None:
    staff = PartnerStaffFactory(partner=firm)
    grant = DelegatedAccessFactory(tenant=tenant, partner=firm, permissions=["people:read", "audit:read"])
    access = _entry(staff.user, tenant)
    assert access is not None
    assert (access.grant, access.is_delegated, access.ends_at) == (grant, True, grant.ends_at)
    assert [p for p in Permission if access.may(p)] == [Permission.PEOPLE_READ, Permission.AUDIT_READ]
    actor = access.acting(Actor(type=ActorType.PERSON, name="Ada"))
    assert (actor.type, actor.firm, actor.on_behalf_of, actor.grant_id) == (
        ActorType.PARTNER,
        "Northwind",
        tenant.name,
        grant.pk,
    )


def test_a_suspended_workspace_lets_in_nobody(tenant: Tenant, firm: Partner) -> None:
    """Z8."""
    owner, staff = MembershipFactory(tenant=tenant, role=MembershipRole.OWNER), PartnerStaffFactory(partner=firm)
    DelegatedAccessFactory(tenant=tenant, partner=firm)
    assert [_entry(user, tenant) is None for user in (owner.user, staff.user)] == [False, False]
    _set(tenant, status=TenantStatus.SUSPENDED)
    assert [_entry(user, tenant) is None for user in (owner.user, staff.user)] == [True, True]


def test_an_agent_enters_only_what_is_assigned(tenant: Tenant, firm: Partner) -> None:
    agent = PartnerStaffFactory(partner=firm, role=StaffRole.AGENT)
    DelegatedAccessFactory(tenant=tenant, partner=firm)
    assert _entry(agent.user, tenant) is None
    with operator_scope():
        assign_customer(staff=agent, tenant=tenant)
    assert _entry(agent.user, tenant) is not None


@pytest.mark.parametrize("change", ["staff gone", "other firm's customer", "nobody's customer", "grant ended"])
def test_a_grant_opens_nothing_once_it_does_not_hold(tenant: Tenant, firm: Partner, change: str) -> None:
    """Z7, Z9: the next request knows."""
    staff, grant = PartnerStaffFactory(partner=firm), DelegatedAccessFactory(tenant=tenant, partner=firm)
    assert _entry(staff.user, tenant) is not None
    if change == "staff gone":
        PartnerStaff.objects.filter(pk=staff.pk).delete()
    elif change == "grant ended":
        with operator_scope():
            DelegatedAccess.objects.filter(pk=grant.pk).update(ended_at=grant.starts_at)
    else:
        _set(tenant, partner=PartnerFactory() if change == "other firm's customer" else None)
    assert _entry(staff.user, tenant) is None


def test_a_grant_to_another_firm_opens_nothing(tenant: Tenant, firm: Partner) -> None:
    rival = PartnerStaffFactory()
    DelegatedAccessFactory(tenant=tenant, partner=rival.partner)
    assert _entry(rival.user, tenant) is None


def test_a_plain_member_enters_by_their_firms_grant_and_an_admin_by_the_membership(
    tenant: Tenant, firm: Partner
) -> None:
    DelegatedAccessFactory(tenant=tenant, partner=firm)
    for role, is_delegated in ((MembershipRole.MEMBER, True), (MembershipRole.ADMIN, False)):
        user = PartnerStaffFactory(partner=firm).user
        MembershipFactory(tenant=tenant, user=user, role=role)
        access = _entry(user, tenant)
        assert access is not None
        assert access.is_delegated is is_delegated


def test_of_two_grants_the_one_that_ends_later_counts(tenant: Tenant, firm: Partner) -> None:
    staff, first = PartnerStaffFactory(partner=firm), DelegatedAccessFactory(tenant=tenant, partner=firm)
    later = DelegatedAccessFactory(tenant=tenant, partner=firm, ends_at=first.ends_at.replace(year=2099))
    access = _entry(staff.user, tenant)
    assert access is not None
    assert access.grant == later
