"""A firm's staff see the firm's customers; an agent those that were assigned."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from partner import selectors
from partner.enums import StaffRole
from partner.models import Partner, PartnerStaff
from partner.services import assign_customer
from tenants.enums import TenantStatus
from tenants.models import DelegatedAccess, Tenant
from tenants.scope import operator_scope, partner_scope
from tests.factories import (
    DelegatedAccessFactory,
    PartnerFactory,
    PartnerStaffFactory,
    TenantFactory,
    UserFactory,
    make_event,
)
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm() -> Partner:
    """Return a partner with three customers, beside another one with its own."""
    northwind: Partner = PartnerFactory(slug="northwind")
    for slug in ("acme", "umbrella"):
        TenantFactory(slug=slug, name=slug.title(), partner=northwind, seats=5, seats_used=2)
    TenantFactory(slug="initech", name="Initech", partner=northwind, status=TenantStatus.SUSPENDED)
    TenantFactory(slug="foreign", partner=PartnerFactory())
    TenantFactory(slug="direct")
    return northwind


def _staff(firm: Partner, *slugs: str) -> PartnerStaff:
    """Return an agent with the given customers, or an admin if there is none."""
    staff: PartnerStaff = PartnerStaffFactory(partner=firm, role=StaffRole.AGENT if slugs else StaffRole.ADMIN)
    for slug in slugs:
        assign_customer(staff=staff, tenant=_tenant(slug))
    return staff


def _tenant(slug: str) -> Tenant:
    with operator_scope():
        return Tenant.objects.get(slug=slug)


def _seen(staff: PartnerStaff, text: str = "") -> list[str]:
    with partner_scope(staff.partner_id):
        return sorted(selectors.customers_of(staff=staff, text=text).values_list("slug", flat=True))


def test_an_admin_sees_every_customer_and_nobody_elses(firm: Partner) -> None:
    assert _seen(_staff(firm)) == ["acme", "initech", "umbrella"]
    assert _seen(_staff(firm), "UMB") == ["umbrella"]


def test_an_agent_sees_acme_only(firm: Partner) -> None:
    agent = _staff(firm, "acme")
    assert _seen(agent) == ["acme"]
    assert _seen(agent, "umbrella") == []
    with partner_scope(firm.pk):
        assert [c.tenant.slug for c in selectors.customers_page(staff=agent).items] == ["acme"]
        assert selectors.totals(staff=agent) == selectors.Totals(customers=1, seats=5, seats_used=2)
        assert selectors.customer(staff=agent, slug="umbrella") is None


def test_an_agent_without_customers_sees_none(firm: Partner) -> None:
    agent = PartnerStaffFactory(partner=firm, role=StaffRole.AGENT)
    assert _seen(agent) == []
    with partner_scope(firm.pk):
        assert selectors.totals(staff=agent) == selectors.Totals(customers=0, seats=0, seats_used=0)


def test_a_customer_who_leaves_the_firm_is_seen_no_more_although_assigned(firm: Partner) -> None:
    """Z7."""
    agent = _staff(firm, "acme")
    with operator_scope():
        Tenant.objects.filter(slug="acme").update(partner=PartnerFactory())
    assert _seen(agent) == []


def test_even_without_the_filter_the_scope_keeps_foreign_customers_away(firm: Partner) -> None:
    """Z5."""
    with partner_scope(firm.pk):
        assert sorted(Tenant.objects.values_list("slug", flat=True)) == ["acme", "initech", "umbrella"]


def test_each_customer_comes_with_the_grant_that_holds_and_ends_last(firm: Partner) -> None:
    now = timezone.now()
    acme, umbrella = _tenant("acme"), _tenant("umbrella")
    DelegatedAccessFactory(tenant=acme, partner=firm)
    last = DelegatedAccessFactory(tenant=acme, partner=firm, ends_at=now.replace(year=2098))
    DelegatedAccessFactory(tenant=acme, partner=firm, ends_at=now.replace(year=2099), ended_at=now)
    DelegatedAccessFactory(tenant=umbrella, partner=PartnerFactory())
    with partner_scope(firm.pk):
        found = {c.tenant.slug: c.grant for c in selectors.customers_page(staff=_staff(firm)).items}
    assert found == {"acme": last, "umbrella": None, "initech": None}


def test_a_workspace_is_open_by_a_grant_that_holds_and_shows_people_and_if_it_is_not_suspended(firm: Partner) -> None:
    now = timezone.now()
    grant: DelegatedAccess = DelegatedAccessFactory(tenant=_tenant("acme"), partner=firm)
    audit_only = DelegatedAccess(starts_at=grant.starts_at, ends_at=grant.ends_at, permissions=["audit:read"])
    ended = DelegatedAccess(starts_at=grant.starts_at, ends_at=grant.ends_at, ended_at=now)
    acme, initech = _tenant("acme"), _tenant("initech")
    cases = [(grant, acme), (ended, acme), (None, acme), (grant, initech), (audit_only, acme)]
    assert [selectors.grant_opens(g, t) for g, t in cases] == [True, False, False, False, False]


def test_a_delegate_is_known_by_firm_and_customers(firm: Partner) -> None:
    admin, agent = _staff(firm), _staff(firm, "acme")
    acme, umbrella = _tenant("acme"), _tenant("umbrella")
    found = [selectors.delegate_of(person) for person in (admin.user, agent.user)]
    assert [(d.partner_id, d.firm, d.may_see(acme.pk), d.may_see(umbrella.pk)) for d in found if d] == [
        (firm.pk, firm.name, True, True),
        (firm.pk, firm.name, True, False),
    ]
    assert selectors.delegate_of(UserFactory()) is None


def test_staff_who_are_switched_off_are_no_staff(firm: Partner) -> None:
    """S3."""
    staff = _staff(firm)
    assert selectors.staff_of(staff.user) == staff
    User.objects.filter(pk=staff.user.pk).update(is_active=False)
    assert selectors.staff_of(staff.user) is None
    assert selectors.delegate_of(staff.user) is None


def test_the_page_of_an_agent_shows_acme_and_no_other_name(firm: Partner, sign_in: SignIn) -> None:
    """Z4."""
    browser = sign_in(_staff(firm, "acme").user)
    page = browser.get("/partner/").content.decode()
    assert [name in page for name in ("Acme", "Umbrella", "Initech")] == [True, False, False]
    assert [browser.get(f"/partner/customers/{slug}/").status_code for slug in ("acme", "umbrella", "foreign")] == [
        200,
        404,
        404,
    ]


def test_a_customers_events_are_shown_only_if_they_are_delegated(firm: Partner, sign_in: SignIn) -> None:
    """Z2: `audit:read`, by a grant that holds."""
    browser, acme = sign_in(_staff(firm).user), _tenant("acme")
    grant = DelegatedAccessFactory(tenant=acme, partner=firm, permissions=["people:read"])
    make_event(acme, "what happened at acme")
    shown = []
    steps: list[dict[str, Any]] = [{"reason": ""}, {"permissions": ["audit:read"]}, {"ended_at": timezone.now()}]
    for values in steps:
        with operator_scope():
            DelegatedAccess.objects.filter(pk=grant.pk).update(**values)
        shown.append("what happened at acme" in browser.get("/partner/customers/acme/").content.decode())
    assert shown == [False, True, False]
