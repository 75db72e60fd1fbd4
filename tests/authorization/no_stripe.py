"""The writes of billing as the matrix meets them: whether somebody may is asked as ever, Stripe is not."""

from __future__ import annotations

from typing import Any, NoReturn
from uuid import UUID

import pytest

from billing import sync
from billing.enums import Interval
from billing.errors import StripeAway
from billing.models import BillingAccount, Invoice, Quote
from billing.services import cards, details, payments, quotes, subscriptions
from billing.services.cards import Card, CardSetup
from billing.services.details import BillingInfo
from billing.services.standing import account_for
from tenants.audit import Actor
from tenants.enums import Plan
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.factories import make_quote


def leave_stripe_out(patch: pytest.MonkeyPatch) -> None:
    """Put a write of our own in the place of each write at Stripe."""
    patch.setattr(cards, "start_setup", _start_setup)
    patch.setattr(cards, "set_default", _set_default)
    patch.setattr(details, "update_billing_info", _update_billing_info)
    patch.setattr(quotes, "quote_change", _quote_change)
    patch.setattr(subscriptions, "accept_quote", _accept_quote)
    patch.setattr(subscriptions, "cancel", lambda **given: _write(is_cancelling=True, **given))
    patch.setattr(subscriptions, "resume", lambda **given: _write(seats=99, **given))
    patch.setattr(payments, "pay_invoice", _pay_invoice)
    patch.setattr(sync, "catalogue", lambda: 0)
    patch.setattr(sync, "tenant", _away)


def _away(*_args: Any, **_given: Any) -> NoReturn:
    raise StripeAway


def _write(*, tenant: Tenant, by: Actor, **values: Any) -> BillingAccount:
    account = account_for(tenant=tenant, by=by)
    with tenant_scope(tenant):
        BillingAccount.objects.for_tenant(tenant).update(**values)
    return account


def _start_setup(*, tenant: Tenant, by: Actor) -> CardSetup:
    _write(tenant=tenant, by=by, customer_id="cus_matrix")
    return CardSetup("seti_matrix_secret", "pk_matrix")


def _set_default(*, tenant: Tenant, payment_method: str, by: Actor) -> Card:
    _write(tenant=tenant, by=by, payment_method_id=payment_method)
    return Card("visa", "4242", 12, 2034)


def _update_billing_info(
    *, tenant: Tenant, info: BillingInfo, expected_version: int | None, by: Actor
) -> BillingAccount:
    assert expected_version == 1
    return _write(tenant=tenant, by=by, email=info.email)


def _quote_change(*, tenant: Tenant, plan: Plan, interval: Interval, seats: int, by: Actor) -> Quote:
    account_for(tenant=tenant, by=by)
    return make_quote(tenant, plan=plan, interval=interval, seats=seats)


def _accept_quote(*, tenant: Tenant, quote_id: UUID, by: Actor) -> Quote:
    quote = subscriptions._quote(tenant, quote_id)
    _write(tenant=tenant, by=by, seats=99)
    return quote


def _pay_invoice(*, tenant: Tenant, invoice_id: UUID, by: Actor) -> Invoice:
    invoice = payments._invoice(tenant, invoice_id)
    _write(tenant=tenant, by=by, seats=99)
    return invoice
