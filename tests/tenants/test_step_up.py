"""Who owns a workspace changes only by somebody who has just signed in (O6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.enums import MembershipRole, MembershipSource
from tenants.models import Membership, Tenant
from tenants.scope import operator_scope
from tests.factories import MembershipFactory, TenantFactory, UserFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    """Return a workspace."""
    made: Tenant = TenantFactory(slug="acme", seats_used=2)
    return made


def owner_of(tenant: Tenant, sign_in: SignIn, *, minutes: int) -> Client:
    owner = MembershipFactory(tenant=tenant, user=UserFactory(), role=MembershipRole.OWNER)
    return sign_in(owner.user, authenticated_at=timezone.now() - timedelta(minutes=minutes))


def member_of(tenant: Tenant, role: MembershipRole) -> Membership:
    made: Membership = MembershipFactory(tenant=tenant, user=UserFactory(), role=role, source=MembershipSource.INVITED)
    return made


def send(browser: Client, name: str, member: Membership, **data: str) -> int:
    path = reverse(f"tenants:{name}", kwargs={"slug": "acme", "membership_id": member.pk})
    return browser.post(path, data, headers={"HX-Request": "true"}).status_code


def roles(member: Membership) -> list[str]:
    with operator_scope():
        return list(Membership.objects.filter(pk=member.pk).values_list("role", flat=True))


@pytest.mark.parametrize(("minutes", "status", "role"), [(9, 204, "owner"), (11, 401, "member")])
def test_o6_an_owner_is_made(sign_in: SignIn, tenant: Tenant, minutes: int, status: int, role: str) -> None:
    member = member_of(tenant, MembershipRole.MEMBER)
    browser = owner_of(tenant, sign_in, minutes=minutes)
    assert (send(browser, "person-role", member, role="owner"), roles(member)) == (status, [role])


@pytest.mark.parametrize(("minutes", "status", "role"), [(9, 204, "member"), (11, 401, "owner")])
def test_o6_an_owner_is_unmade(sign_in: SignIn, tenant: Tenant, minutes: int, status: int, role: str) -> None:
    member = member_of(tenant, MembershipRole.OWNER)
    browser = owner_of(tenant, sign_in, minutes=minutes)
    assert (send(browser, "person-role", member, role="member"), roles(member)) == (status, [role])


@pytest.mark.parametrize(("minutes", "status", "left"), [(9, 204, []), (11, 401, ["owner"])])
def test_o6_an_owner_is_removed(sign_in: SignIn, tenant: Tenant, minutes: int, status: int, left: list[str]) -> None:
    member = member_of(tenant, MembershipRole.OWNER)
    browser = owner_of(tenant, sign_in, minutes=minutes)
    assert (send(browser, "person-remove", member), roles(member)) == (status, left)


def test_other_roles_need_no_fresh_sign_in(sign_in: SignIn, tenant: Tenant) -> None:
    member = member_of(tenant, MembershipRole.MEMBER)
    browser = owner_of(tenant, sign_in, minutes=60)
    assert (send(browser, "person-role", member, role="admin"), roles(member)) == (204, ["admin"])
