"""A list costs the same number of queries with one row and with three."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing.models import DriftReport, PlanPrice
from partner.models import Partner
from tenants.enums import MembershipRole
from tenants.scope import operator_scope
from tests.factories import (
    DelegatedAccessFactory,
    MembershipFactory,
    PartnerFactory,
    PartnerStaffFactory,
    TenantFactory,
    UserFactory,
    make_account,
    make_event,
    make_invoice,
    make_webhook,
)
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db
_ROWS = pytest.mark.parametrize("rows", [1, 3])


def _costs(browser: Client, url: str, count: Any, due: int, *, rows: int, row: str) -> None:
    """Ask twice, since a first visit is remembered; the second one is counted."""
    assert browser.get(url).status_code == 200
    with count(due):
        body = browser.get(url).content.decode()
    assert body.count(row) == rows


def _workspace(rows: int) -> User:
    """Return the owner of a workspace with `rows` people and events."""
    tenant = TenantFactory(slug="acme")
    owner: User = MembershipFactory(tenant=tenant, role=MembershipRole.OWNER).user
    for number in range(rows):
        MembershipFactory(tenant=tenant, user=UserFactory(email=f"x{number}@counted.test"))
        make_event(tenant, f"counted-{number}")
        make_invoice(tenant, number=f"counted-{number}")
    return owner


def _person(rows: int) -> User:
    """Return a member of `rows` workspaces."""
    user: User = UserFactory()
    for number in range(rows):
        MembershipFactory(user=user, tenant=TenantFactory(slug=f"counted-{number}"))
    return user


def _firm(rows: int) -> User:
    """Return an admin of a partner with `rows` customers, each with a grant."""
    partner: Partner = PartnerFactory()
    for number in range(rows):
        tenant = TenantFactory(slug=f"counted-{number}", partner=partner)
        make_account(tenant, currency=("eur", "usd", "jpy")[number])
        DelegatedAccessFactory(tenant=tenant, partner=partner, granted_by=UserFactory())
    user: User = PartnerStaffFactory(partner=partner).user
    return user


def _operator(rows: int) -> User:
    """Return an operator of `rows` tenants, each with a partner."""
    for number in range(rows):
        tenant = TenantFactory(slug=f"counted-{number}", partner=PartnerFactory())
        make_account(tenant, price_id=f"price_counted{number}")
        make_webhook(f"evt_counted{number}", tenant_slug=tenant.slug)
        currency = ("eur", "usd", "jpy")[number]
        PlanPrice.objects.create(
            price_id=f"price_counted{number}",
            plan="business",
            currency=currency,
            interval="month",
            unit_minor=1700,
            synced_at=timezone.now(),
        )
        if number:
            with operator_scope():
                DriftReport.objects.create(tenant=tenant, state="same")
    user: User = UserFactory(is_platform_admin=True)
    return user


@_ROWS
@pytest.mark.parametrize(
    ("url", "row", "make", "due"),
    [
        ("/admin/acme/people/", "@counted.test</small>", _workspace, 23),
        ("/admin/acme/audit/", 'id="event-', _workspace, 22),
        ("/api/v1/tenants/acme/users", "@counted.test", _workspace, 14),
        ("/api/v1/tenants/acme/audit", '"label":"counted-', _workspace, 14),
        ("/api/v1/tenants", '"slug":"counted-', _person, 8),
        ("/api/v1/tenants/acme/invoices", '"number":"counted-', _workspace, 14),
        ("/partner/", 'href="/partner/customers/counted-', _firm, 21),
        ("/api/v1/partner/customers", '"slug":"counted-', _firm, 10),
        ("/operator/tenants/", 'id="tenant-counted-', _operator, 21),
        ("/operator/billing/", 'id="radar-counted-', _operator, 19),
        ("/operator/webhooks/", 'id="evt_counted', _operator, 21),
        ("/operator/plans/", 'id="price-price_counted', _operator, 21),
        ("/api/v1/operator/webhooks", '"id":"evt_counted', _operator, 9),
        ("/api/v1/operator/tenants", '"slug":"counted-', _operator, 9),
    ],
)
def test_a_list_costs_the_same_with_one_row_and_with_three(
    sign_in: SignIn,
    django_assert_num_queries: Any,
    rows: int,
    url: str,
    row: str,
    make: Callable[[int], User],
    due: int,
) -> None:
    client = "operator" if "operator" in url else "portal"
    _costs(sign_in(make(rows), client), url, django_assert_num_queries, due, rows=rows, row=row)
