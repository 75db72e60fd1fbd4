"""Test data by factory-boy; rows of tenants are made in the operator's scope, as the system would."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import factory
from django.conf import settings
from django.utils import timezone

from accounts.clients import get_client
from accounts.models import OIDCSession, User
from billing.enums import InboxState, Interval, InvoiceStatus, SubscriptionStatus
from billing.models import BillingAccount, Invoice, Quote, WebhookEvent
from partner.enums import StaffRole
from partner.models import Partner, PartnerStaff
from tenants.audit import SYSTEM, Thing, record
from tenants.enums import AuditAction, MembershipRole, Plan, TenantStatus
from tenants.models import AuditEvent, DelegatedAccess, Membership, Tenant
from tenants.scope import operator_scope


class ScopedFactory(factory.django.DjangoModelFactory[Any]):
    """Makes rows that row-level security guards."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[Any], *args: Any, **kwargs: Any) -> Any:
        with operator_scope():
            return super()._create(model_class, *args, **kwargs)


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    issuer = factory.LazyFunction(lambda: get_client("portal").identity_issuer)
    sub = factory.Sequence(lambda n: f"sub-{n}")
    name = factory.Sequence(lambda n: f"Person {n:05}")
    email = factory.Sequence(lambda n: f"person{n}@example.test")


class PartnerFactory(factory.django.DjangoModelFactory[Partner]):
    class Meta:
        model = Partner

    slug = factory.Sequence(lambda n: f"partner-{n}")
    name = factory.Sequence(lambda n: f"Partner {n:05}")


class TenantFactory(ScopedFactory):
    class Meta:
        model = Tenant

    slug = factory.Sequence(lambda n: f"tenant-{n}")
    name = factory.Sequence(lambda n: f"Tenant {n:05}")
    status = TenantStatus.ACTIVE
    plan = Plan.BUSINESS
    seats = 10


class MembershipFactory(ScopedFactory):
    class Meta:
        model = Membership

    tenant = factory.SubFactory(TenantFactory)
    user = factory.SubFactory(UserFactory)
    role = MembershipRole.MEMBER


class PartnerStaffFactory(ScopedFactory):
    class Meta:
        model = PartnerStaff

    partner = factory.SubFactory(PartnerFactory)
    user = factory.SubFactory(UserFactory)
    role = StaffRole.ADMIN


class DelegatedAccessFactory(ScopedFactory):
    class Meta:
        model = DelegatedAccess

    tenant = factory.SubFactory(TenantFactory)
    partner = factory.SubFactory(PartnerFactory)
    permissions = factory.LazyFunction(lambda: ["people:read", "audit:read"])
    ends_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))


class OIDCSessionFactory(factory.django.DjangoModelFactory[OIDCSession]):
    """A living session whose access token has an hour to go."""

    class Meta:
        model = OIDCSession

    user = factory.SubFactory(UserFactory)
    client = "portal"
    access_token = "canary-access-token"
    refresh_token = "canary-refresh-token"
    id_token = "canary-id-token"
    access_expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=1))
    authenticated_at = factory.LazyFunction(timezone.now)


def make_account(tenant: Tenant, **values: Any) -> BillingAccount:
    """Return what a paying tenant has, unless told otherwise."""
    given: dict[str, Any] = {
        "customer_id": f"cus_{tenant.pk.hex}",
        "company": f"{tenant.name} Ltd",
        "email": "billing@example.test",
        "country": "DK",
        "status": SubscriptionStatus.ACTIVE,
        "subscription_id": f"sub_{tenant.pk.hex}",
        "price_id": "price_DezkyBusiness",
        "plan": Plan.BUSINESS,
        "seats": 10,
        "interval": Interval.MONTH,
        "monthly_minor": 17_000,
        "payment_method_id": "pm_1",
        "card_brand": "visa",
        "card_last4": "4242",
        "card_exp_month": 12,
        "card_exp_year": timezone.now().year + 5,
        "renews_at": timezone.now() + timedelta(days=20),
        "synced_at": timezone.now(),
    }
    with operator_scope():
        return BillingAccount.objects.create(tenant=tenant, **{**given, **values})


def make_invoice(tenant: Tenant, **values: Any) -> Invoice:
    """Return a paid invoice, unless told otherwise."""
    given: dict[str, Any] = {
        "stripe_id": f"in_{uuid4().hex}",
        "number": "DZK-0001",
        "status": InvoiceStatus.PAID,
        "currency": "eur",
        "total_minor": 21_250,
        "tax_minor": 4_250,
        "amount_due_minor": 21_250,
        "amount_paid_minor": 21_250,
        "created_at": timezone.now(),
        "synced_at": timezone.now(),
    }
    with operator_scope():
        return Invoice.objects.create(tenant=tenant, **{**given, **values})


def make_quote(tenant: Tenant, **values: Any) -> Quote:
    """Return a price that can be accepted."""
    given: dict[str, Any] = {
        "plan": Plan.BUSINESS,
        "interval": Interval.MONTH,
        "seats": 10,
        "price_id": "price_DezkyBusiness",
        "currency": "eur",
        "total_minor": 21_250,
        "due_minor": 21_250,
        "monthly_minor": 17_000,
    }
    with operator_scope():
        return Quote.objects.create(tenant=tenant, **{**given, **values})


def make_webhook(event_id: str, **values: Any) -> WebhookEvent:
    """Return an event that was applied."""
    given: dict[str, Any] = {
        "type": "invoice.paid",
        "api_version": settings.STRIPE_API_VERSION,
        "object_id": "in_1",
        "customer_id": "cus_1",
        "created_at": timezone.now(),
        "state": InboxState.DONE,
    }
    return WebhookEvent.objects.create(id=event_id, **{**given, **values})


def make_event(tenant: Tenant | None, label: str = "something") -> AuditEvent:
    """Append an event to a tenant's log, or the platform's."""
    with operator_scope():
        return record(
            tenant=tenant, action=AuditAction.PERSON_ADD, by=SYSTEM, thing=Thing(type="membership", id="1", label=label)
        )
