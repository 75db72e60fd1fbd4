"""The card that pays. Its number goes from the browser to Stripe and never comes here (P2)."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from billing import sync, writes
from billing.enums import Operation
from billing.errors import Gone, Refused
from billing.gateway import reads
from billing.gateway import writes as stripe
from billing.models import BillingAccount
from billing.services.customers import ensure_customer
from billing.services.standing import account_for, patience
from tenants import audit
from tenants.audit import Actor, Change, Thing
from tenants.enums import AuditAction
from tenants.models import Tenant
from tenants.scope import tenant_scope

_NOT_YOURS = "This card was not added here. Add it again."


@dataclass(frozen=True)
class CardSetup:
    """What a browser needs to hand a card to Stripe."""

    client_secret: str
    publishable_key: str


@dataclass(frozen=True)
class Card:
    """The card that pays by default."""

    brand: str
    last4: str
    exp_month: int
    exp_year: int


def start_setup(*, tenant: Tenant, by: Actor) -> CardSetup:
    """Begin to add a card that may be charged later without the person; the customer is made on demand.

    Raises:
        StripeAway, Refused, NotAllowed: nothing was begun; asking again is safe.
    """
    with patience():
        customer_id = ensure_customer(tenant=tenant, by=by)
        params = {"customer": customer_id, "usage": "off_session", "payment_method_types": ["card"]}
        sent = writes.send(
            tenant=tenant,
            operation=Operation.CARD_SETUP,
            content=params,
            call=lambda key: stripe.create_setup_intent(params, key=key),
        )
    with tenant_scope(tenant):
        writes.note_done(sent)
    return CardSetup(str(sent.answer["client_secret"]), settings.STRIPE_PUBLISHABLE_KEY)


def set_default(*, tenant: Tenant, payment_method: str, by: Actor) -> Card:
    """Make a card of the tenant's own customer the one that pays.

    Raises:
        Refused: it is not there, not this customer's, or no card.
        StripeAway, NotAllowed: as `start_setup`; the same again is done once.
    """
    with patience():
        account = account_for(tenant=tenant, by=by)
        if not account.customer_id:
            raise Refused(_NOT_YOURS, code="not_yours", field="payment_method")
        _demand_own_card(account.customer_id, payment_method)
        customer_id = account.customer_id
        params = {"invoice_settings": {"default_payment_method": payment_method}}
        sent = writes.send(
            tenant=tenant,
            operation=Operation.CARD_DEFAULT,
            content={"customer": customer_id, "payment_method": payment_method},
            call=lambda key: stripe.update_customer(customer_id, params, key=key),
        )

        def note(fresh: BillingAccount) -> None:
            writes.note_done(sent)
            if fresh.payment_method_id != account.payment_method_id:
                change = Change("card", _shown(account), _shown(fresh))
                thing = Thing(type="payment_method", id=fresh.payment_method_id, label=_shown(fresh))
                audit.record(tenant=tenant, action=AuditAction.CARD_CHANGE, by=by, thing=thing, changes=(change,))

        fresh = sync.tenant(tenant, customer_id, note=note).account
    return card_of(fresh) or Card("", "", 0, 0)


def card_of(account: BillingAccount | None) -> Card | None:
    """Return the default card, or None."""
    if account is None or not account.has_card:
        return None
    return Card(account.card_brand, account.card_last4, account.card_exp_month or 0, account.card_exp_year or 0)


def _demand_own_card(customer_id: str, payment_method: str) -> None:
    try:
        found = reads.payment_method(payment_method)
    except Gone as error:
        raise Refused(_NOT_YOURS, code="not_yours", field="payment_method") from error
    if found.get("customer") != customer_id or found.get("type") != "card":
        raise Refused(_NOT_YOURS, code="not_yours", field="payment_method")


def _shown(account: BillingAccount) -> str:
    return f"{account.card_brand} ending {account.card_last4}" if account.has_card else ""
