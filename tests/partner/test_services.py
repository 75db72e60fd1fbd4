"""A person's place at a partner follows their groups, and nothing else takes it away."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from partner.enums import StaffRole
from partner.models import Partner, PartnerStaff
from partner.services import assign_customer, sync_staff
from tenants.audit import SYSTEM
from tenants.enums import AuditAction, MembershipSource
from tenants.models import AuditEvent
from tenants.scope import operator_scope
from tests.factories import PartnerFactory, PartnerStaffFactory, TenantFactory, UserFactory

pytestmark = pytest.mark.django_db
ADMIN, AGENT = StaffRole.ADMIN, StaffRole.AGENT


@pytest.fixture
def firms() -> tuple[Partner, Partner]:
    """Return two partners, in the order of their slugs."""
    return PartnerFactory(slug="contoso", name="Contoso"), PartnerFactory(slug="northwind", name="Northwind")


def _sync(user: User, **wanted: StaffRole) -> list[tuple[str, str]]:
    sync_staff(user=user, wanted=wanted, by=SYSTEM)
    return list(PartnerStaff.objects.filter(user=user).values_list("partner__slug", "role"))


def _events() -> list[tuple[Any, ...]]:
    with operator_scope():
        found = AuditEvent.objects.of_platform().order_by("sequence")
        return [(e.action, e.object_label, *((c["field"], c["before"], c["after"]) for c in e.changes)) for e in found]


def test_groups_give_change_and_take_a_place(firms: tuple[Partner, Partner]) -> None:
    user = UserFactory(name="Ada")
    assert _sync(user, northwind=AGENT) == [("northwind", AGENT)]
    assert _sync(user, northwind=AGENT) == [("northwind", AGENT)]
    assert _sync(user, northwind=ADMIN) == [("northwind", ADMIN)]
    assert _sync(user) == []
    assert _sync(user) == []
    assert _events() == [
        (AuditAction.STAFF_ADD, "Ada, Northwind", ("role", "", "Agent")),
        (AuditAction.STAFF_ADD, "Ada, Northwind", ("role", "Agent", "Admin")),
        (AuditAction.STAFF_REMOVE, "Ada, Northwind", ("role", "Admin", "")),
    ]


def test_a_person_works_for_one_partner_the_first_by_slug(firms: tuple[Partner, Partner]) -> None:
    user = UserFactory()
    assert _sync(user, northwind=ADMIN) == [("northwind", ADMIN)]
    assert _sync(user, northwind=ADMIN, contoso=AGENT) == [("contoso", AGENT)]
    assert _sync(user, northwind=ADMIN) == [("northwind", ADMIN)]


def test_a_move_to_another_firm_takes_the_old_firms_customers_away(firms: tuple[Partner, Partner]) -> None:
    """Z9."""
    contoso, northwind = firms
    user = UserFactory()
    _sync(user, northwind=AGENT)
    customer = TenantFactory(partner=northwind)
    with operator_scope():
        assign_customer(staff=PartnerStaff.objects.get(user=user), tenant=customer)
    _sync(user, contoso=AGENT)
    staff = PartnerStaff.objects.get(user=user)
    with operator_scope():
        assert (staff.partner, list(staff.customers.all())) == (contoso, [])


def test_a_group_of_an_unknown_partner_gives_nothing(firms: tuple[Partner, Partner]) -> None:
    assert _sync(UserFactory(), nowhere=ADMIN) == []
    assert _events() == []


@pytest.mark.parametrize("wanted", [{}, {"contoso": ADMIN}, {"northwind": ADMIN}])
def test_the_directory_leaves_the_invited_alone(firms: tuple[Partner, Partner], wanted: dict[str, StaffRole]) -> None:
    staff = PartnerStaffFactory(partner=firms[1], role=AGENT, source=MembershipSource.INVITED)
    assert _sync(staff.user, **wanted) == [("northwind", AGENT)]
    assert _events() == []


def test_only_a_customer_of_the_firm_can_be_assigned(firms: tuple[Partner, Partner]) -> None:
    agent = PartnerStaffFactory(partner=firms[1], role=AGENT)
    with operator_scope():
        for tenant in (TenantFactory(), TenantFactory(partner=firms[0])):
            with pytest.raises(ValueError, match="not a customer"):
                assign_customer(staff=agent, tenant=tenant)
        assert list(agent.customers.all()) == []
