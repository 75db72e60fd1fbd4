"""Billing details: what is typed is checked here, sent to Stripe, and nobody's change is written over."""

from __future__ import annotations

import pytest

from billing import sync
from billing.enums import VatStatus, WriteState
from billing.errors import Moved, NotAllowed, Refused, StripeAway
from billing.models import BillingAccount, StripeWrite
from billing.services import details
from billing.services.details import BillingInfo
from tenants.audit import SYSTEM, Actor
from tenants.enums import ActorType, MembershipRole
from tenants.models import AuditEvent, Tenant
from tenants.scope import operator_scope
from tests.billing.at_stripe import call
from tests.contract.checked_stripe import CheckedStripe
from tests.factories import DelegatedAccessFactory, MembershipFactory, TenantFactory

pytestmark = pytest.mark.django_db

INFO = BillingInfo(company="Acme ApS", vat_number="DK 13 58 56 28", country="DK", email="billing@acme.test")


@pytest.fixture
def tenant(stripe: CheckedStripe) -> Tenant:
    made: Tenant = TenantFactory()
    return made


def _update(tenant: Tenant, info: BillingInfo = INFO, version: int | None = None, by: Actor = SYSTEM) -> BillingAccount:
    return details.update_billing_info(tenant=tenant, info=info, expected_version=version, by=by)


def _customers_numbers(stripe: CheckedStripe, account: BillingAccount) -> list[str]:
    return [each["value"] for each in call(stripe, "GET", f"customers/{account.customer_id}/tax_ids")["data"]]


def test_details_stand_at_stripe_and_here(stripe: CheckedStripe, tenant: Tenant) -> None:
    account = _update(tenant)
    assert (account.company, account.vat_number, account.country, account.email) == (
        "Acme ApS",
        "DK13585628",
        "DK",
        "billing@acme.test",
    )
    customer = call(stripe, "GET", f"customers/{account.customer_id}")
    assert (customer["name"], customer["email"], customer["address"]["country"]) == (
        "Acme ApS",
        "billing@acme.test",
        "DK",
    )
    assert _customers_numbers(stripe, account) == ["DK13585628"]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("GB980780684", VatStatus.VERIFIED),
        ("GB111111111", VatStatus.REFUSED),
        ("GB222222222", VatStatus.PENDING),
        ("GB333333333", VatStatus.UNAVAILABLE),
    ],
)
def test_what_the_register_says_comes_later(
    stripe: CheckedStripe, tenant: Tenant, number: str, expected: VatStatus
) -> None:
    account = _update(tenant)
    assert account.vat_status == VatStatus.PENDING
    call(stripe, "POST", f"customers/{account.customer_id}/tax_ids", type="gb_vat", value=number)
    stripe.control(action="clock", advance_seconds=5)
    sync.tenant(tenant, str(account.customer_id))
    with operator_scope():
        account.refresh_from_db()
    assert account.vat_status == expected


def test_another_number_takes_the_place_of_the_first(stripe: CheckedStripe, tenant: Tenant) -> None:
    _update(tenant)
    account = _update(tenant, BillingInfo("Acme GmbH", "DE136695976", "DE", "billing@acme.test"))
    assert _customers_numbers(stripe, account) == ["DE136695976"]
    account = _update(tenant, BillingInfo("Acme GmbH", "", "DE", "billing@acme.test"))
    assert (_customers_numbers(stripe, account), account.vat_status) == ([], VatStatus.NONE)


def test_a_number_that_can_be_none_reaches_nobody(stripe: CheckedStripe, tenant: Tenant) -> None:
    with pytest.raises(Refused, match="check digit") as refusal:
        _update(tenant, BillingInfo("Acme", "DK13585627", "DK", "a@acme.test"))
    assert refusal.value.field == "vat_number"
    assert stripe.requests == []


def test_a_number_that_stripe_refuses_changes_nothing_else(stripe: CheckedStripe, tenant: Tenant) -> None:
    first = _update(tenant)
    route = "POST /v1/customers/{}/tax_ids"
    stripe.control(action="faults", paths=[route], kind="status", code=400)
    with pytest.raises(Refused) as refusal:
        _update(tenant, BillingInfo("Renamed", "DK10150817", "DK", "billing@acme.test"), first.details_version)
    stripe.control(action="faults", paths=[route], kind="normal")
    assert refusal.value.field == "vat_number"
    with operator_scope():
        account = BillingAccount.objects.for_tenant(tenant).get()
    assert (account.company, account.details_version) == ("Acme ApS", first.details_version)


def test_p3_who_saw_an_older_version_is_told(stripe: CheckedStripe, tenant: Tenant) -> None:
    seen = _update(tenant).details_version
    _update(tenant, BillingInfo("By the first", "", "DK", "a@acme.test"), seen)
    with pytest.raises(Moved, match="Somebody else changed the billing details"):
        _update(tenant, BillingInfo("By the second", "", "DK", "b@acme.test"), seen)
    with operator_scope():
        assert BillingAccount.objects.for_tenant(tenant).get().company == "By the first"


def test_p3_a_change_in_stripes_dashboard_makes_a_new_version(stripe: CheckedStripe, tenant: Tenant) -> None:
    account = _update(tenant)
    call(stripe, "POST", f"customers/{account.customer_id}", name="Renamed elsewhere")
    sync.tenant(tenant, str(account.customer_id))
    with pytest.raises(Moved):
        _update(tenant, INFO, account.details_version)


def test_an_outage_keeps_the_version_so_that_the_same_form_can_be_sent_again(
    stripe: CheckedStripe, tenant: Tenant
) -> None:
    version = _update(tenant).details_version
    changed = BillingInfo("Acme Holding", "DK13585628", "DK", "billing@acme.test")
    route = "POST /v1/customers/{}"
    stripe.control(action="faults", paths=[route], kind="down", is_after=True)
    with pytest.raises(StripeAway):
        _update(tenant, changed, version)
    stripe.control(action="faults", paths=[route], kind="normal")
    assert _update(tenant, changed, version).company == "Acme Holding"
    with operator_scope():
        assert not StripeWrite.objects.for_tenant(tenant).filter(state=WriteState.PENDING).exists()


def test_the_same_again_is_no_change(stripe: CheckedStripe, tenant: Tenant) -> None:
    _update(tenant)
    _update(tenant)
    with operator_scope():
        assert AuditEvent.objects.for_tenant(tenant).filter(action="billing:details:change").count() == 1


def test_z7_a_right_that_was_taken_away_is_missed_at_once(stripe: CheckedStripe, tenant: Tenant) -> None:
    member = MembershipFactory(tenant=tenant, role=MembershipRole.ADMIN)
    by = Actor(type=ActorType.PERSON, name="Admin", user_id=member.user_id)
    _update(tenant, by=by)
    with operator_scope():
        member.role = MembershipRole.MEMBER
        member.save()
    with pytest.raises(NotAllowed):
        _update(tenant, BillingInfo("Other", "", "DK", "a@acme.test"), by=by)


@pytest.mark.parametrize(
    ("permissions", "may"), [(["billing:read"], False), (["billing:write"], True), (["people:write"], False)]
)
def test_a_delegate_needs_the_permission_in_the_grant(
    stripe: CheckedStripe, tenant: Tenant, permissions: list[str], may: bool
) -> None:
    grant = DelegatedAccessFactory(tenant=tenant, permissions=permissions)
    member = MembershipFactory()
    by = Actor(type=ActorType.PARTNER, name="Agent", user_id=member.user_id, grant_id=grant.pk, firm="Northwind")
    if not may:
        with pytest.raises(NotAllowed):
            _update(tenant, by=by)
        return
    assert _update(tenant, by=by).company == "Acme ApS"
    with operator_scope():
        event = AuditEvent.objects.for_tenant(tenant).get(action="billing:details:change")
    assert (event.firm, event.grant_id) == ("Northwind", grant.pk)
