"""Subscribing, changing, cancelling and resuming. What was quoted is what is charged."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.utils import timezone

from billing import sync, writes
from billing.enums import Operation, QuoteState
from billing.errors import Gone, Moved, Refused
from billing.gateway import writes as stripe
from billing.models import BillingAccount, Quote
from billing.services.quotes import standing_of
from billing.services.standing import account_for, patience
from tenants import audit
from tenants.audit import Actor, Change, Thing
from tenants.enums import AuditAction
from tenants.models import Tenant
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)


def accept_quote(*, tenant: Tenant, quote_id: UUID, by: Actor) -> Quote:
    """Make the change that a quote is about, at its price; accepted once, however often it is asked (P1).

    The change is made as of the quote's own second, and all of it or nothing: if the card is declined, plan and
    seats stay. The invoice is compared with the quote to the last unit; a difference is kept, logged and shown.

    Raises:
        Moved: the quote is too old, or what it stands on has changed; nothing is done.
        Declined: the card did not pay; nothing is changed.
        Refused: there is no such quote, or no card to charge.
        StripeAway, NotAllowed: asking again is safe.
    """
    account = account_for(tenant=tenant, by=by)
    quote = _quote(tenant, quote_id)
    if quote.state != QuoteState.OPEN:
        return quote
    operation = Operation.SUBSCRIPTION_CHANGE if quote.subscription_id else Operation.SUBSCRIPTION_CREATE
    content = {"quote": str(quote.pk)}

    def demand(locked: BillingAccount) -> None:
        # Of two quotes at once the second finds what the first is at, or has done.
        _demand_current(locked, quote)
        writes.demand_nothing_under_way(tenant=tenant, content=content)

    with patience():
        if account.customer_id and writes.is_unsure(tenant=tenant, content=content):
            sync.tenant(tenant, account.customer_id)
        sent = writes.send(
            tenant=tenant,
            operation=operation,
            content=content,
            call=lambda key: _carry_out(account, quote, key),
            demand=demand,
        )
        invoice = _invoice_of(sent.answer, quote)

        def note(fresh: BillingAccount) -> None:
            writes.note_done(sent)
            _note_accepted(tenant, quote, invoice, account, fresh, by)

        wanted = sync.Wanted(invoice_ids=frozenset([str(invoice["id"])] if invoice else []))
        sync.tenant(tenant, str(account.customer_id), wanted, by=by, note=note)
    return _quote(tenant, quote_id)


def cancel(*, tenant: Tenant, by: Actor) -> BillingAccount:
    """Have the subscription end with the period that is paid for.

    Raises:
        Refused: there is none.
        StripeAway, NotAllowed: asking again is safe.
    """
    return _set_cancelling(
        tenant, by, Operation.SUBSCRIPTION_CANCEL, AuditAction.SUBSCRIPTION_CANCEL, is_cancelling=True
    )


def resume(*, tenant: Tenant, by: Actor) -> BillingAccount:
    """Have a cancelled subscription go on, while it has not ended.

    Raises:
        Refused: there is none, or it has ended.
        StripeAway, NotAllowed: asking again is safe.
    """
    return _set_cancelling(
        tenant, by, Operation.SUBSCRIPTION_RESUME, AuditAction.SUBSCRIPTION_RESUME, is_cancelling=False
    )


def _quote(tenant: Tenant, quote_id: UUID) -> Quote:
    with tenant_scope(tenant):
        quote = Quote.objects.for_tenant(tenant).filter(pk=quote_id).first()
    if quote is None:
        raise Gone("This quote doesn't exist. Ask for the price again.", code="no_quote")
    return quote


def _demand_current(account: BillingAccount, quote: Quote) -> None:
    if quote.is_expired:
        raise Moved("This price is more than half an hour old. Here is the price of now.")
    if quote.before != standing_of(account):
        raise Moved("Something has changed since this price was made. Here is the price of now.")
    if not account.has_card and quote.due_minor > 0:
        raise Refused("Add a payment method first. Then this can be charged.", code="no_card")


def _carry_out(account: BillingAccount, quote: Quote, key: str) -> dict[str, Any]:
    metadata = {"dezky_quote": str(quote.pk), "plan": quote.plan}
    if not quote.subscription_id:
        params: dict[str, Any] = {
            "customer": account.customer_id,
            "items": [{"price": quote.price_id, "quantity": quote.seats}],
            "automatic_tax": {"enabled": True},
            "payment_behavior": "error_if_incomplete",
            "off_session": True,
            "metadata": metadata,
        }
        return stripe.create_subscription(params, key=key)
    item = {"id": quote.before["item"], "price": quote.price_id, "quantity": quote.seats}
    params = {
        "items": [item],
        "proration_behavior": "always_invoice",
        "proration_date": quote.proration_at,
        "payment_behavior": "error_if_incomplete",
        "off_session": True,
        "metadata": metadata,
    }
    return stripe.update_subscription(quote.subscription_id, params, key=key)


def _invoice_of(answer: dict[str, Any], quote: Quote) -> dict[str, Any] | None:
    """Return the invoice that the change made; None where it cost nothing, and the latest is an older one."""
    invoice = answer.get("latest_invoice")
    if not isinstance(invoice, dict):
        return None
    return None if quote.proration_at is not None and invoice["created"] < quote.proration_at else invoice


def _note_accepted(
    tenant: Tenant,
    quote: Quote,
    invoice: dict[str, Any] | None,
    before: BillingAccount,
    after: BillingAccount,
    by: Actor,
) -> None:
    locked = Quote.objects.for_tenant(tenant).select_for_update().get(pk=quote.pk)
    if locked.state != QuoteState.OPEN:
        return
    locked.invoice_id = str(invoice["id"]) if invoice else ""
    locked.invoiced_minor = int(invoice["total"]) if invoice else 0
    locked.accepted_at = timezone.now()
    is_same = locked.invoiced_minor == locked.total_minor
    locked.state = QuoteState.ACCEPTED if is_same else QuoteState.DIFFERENT
    locked.save()
    if not is_same:
        logger.error("quote %s was %s and became %s", locked.pk, locked.total_minor, locked.invoiced_minor)
    changes = [
        Change(name, str(getattr(before, name)), str(getattr(after, name)))
        for name in ("plan", "seats", "interval")
        if getattr(before, name) != getattr(after, name)
    ]
    changes.append(
        Change("charged", f"{locked.total_minor} {locked.currency}", f"{locked.invoiced_minor} {locked.currency}")
    )
    audit.record(
        tenant=tenant,
        action=AuditAction.SUBSCRIPTION_CHANGE if quote.subscription_id else AuditAction.SUBSCRIPTION_START,
        by=by,
        thing=Thing(type="subscription", id=after.subscription_id, label=str(locked)),
        changes=tuple(changes),
    )


def _set_cancelling(
    tenant: Tenant, by: Actor, operation: Operation, action: AuditAction, *, is_cancelling: bool
) -> BillingAccount:
    account = account_for(tenant=tenant, by=by)
    if not account.has_subscription:
        raise Refused("There is no subscription that goes on.", code="no_subscription")
    if account.is_cancelling is is_cancelling:
        return account
    ends = account.renews_at.isoformat() if account.renews_at else ""
    with patience():
        sent = writes.send(
            tenant=tenant,
            operation=operation,
            content={"subscription": account.subscription_id, "ends": ends},
            call=lambda key: stripe.update_subscription(
                account.subscription_id, {"cancel_at_period_end": is_cancelling}, key=key
            ),
        )

        def note(fresh: BillingAccount) -> None:
            writes.note_done(sent)
            thing = Thing(type="subscription", id=fresh.subscription_id, label=tenant.name)
            change = Change("ends", "" if is_cancelling else ends, ends if is_cancelling else "")
            audit.record(tenant=tenant, action=action, by=by, thing=thing, changes=(change,))

        return sync.tenant(tenant, str(account.customer_id), by=by, note=note).account
