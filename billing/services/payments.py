"""Paying an open invoice now, instead of waiting for Stripe's next attempt."""

from __future__ import annotations

from uuid import UUID

from billing import sync, writes
from billing.enums import InvoiceStatus, Operation
from billing.errors import Declined, Gone, Refused
from billing.gateway import writes as stripe
from billing.models import BillingAccount, Invoice
from billing.services.standing import account_for, patience
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope


def pay_invoice(*, tenant: Tenant, invoice_id: UUID, by: Actor) -> Invoice:
    """Have the default card charged for an open invoice; one that is paid already is left alone.

    Raises:
        Declined: the card did not pay.
        Refused: there is no such invoice, no card, or nothing to pay.
        StripeAway, NotAllowed: asking again is safe.
    """
    account = account_for(tenant=tenant, by=by)
    invoice = _invoice(tenant, invoice_id)
    if invoice.status == InvoiceStatus.PAID:
        return invoice
    if invoice.status != InvoiceStatus.OPEN:
        raise Refused("This invoice can't be paid any more.", code="invoice_closed")
    if not account.has_card:
        raise Refused("Add a payment method first. Then this can be charged.", code="no_card")
    with patience():
        try:
            sent = writes.send(
                tenant=tenant,
                operation=Operation.INVOICE_PAY,
                content={
                    "invoice": invoice.stripe_id,
                    "attempts": invoice.attempts,
                    "payment_method": account.payment_method_id,
                },
                call=lambda key: stripe.pay_invoice(invoice.stripe_id, key=key),
            )
        except Refused as refusal:
            _look_again(tenant, account, invoice)  # an attempt that failed counts, and its mail goes out
            found = _invoice(tenant, invoice_id)
            if found.status == InvoiceStatus.PAID and not isinstance(refusal, Declined):
                return found  # by somebody else, or by Stripe's own attempt
            raise

        def note(_fresh: BillingAccount) -> None:
            writes.note_done(sent)

        sync.tenant(tenant, str(account.customer_id), _only(invoice), by=by, note=note)
    return _invoice(tenant, invoice_id)


def _invoice(tenant: Tenant, invoice_id: UUID) -> Invoice:
    with tenant_scope(tenant):
        found = Invoice.objects.for_tenant(tenant).shown().filter(pk=invoice_id).first()
    if found is None:
        raise Gone("There is no such invoice.", code="no_invoice")
    return found


def _look_again(tenant: Tenant, account: BillingAccount, invoice: Invoice) -> None:
    sync.tenant(tenant, str(account.customer_id), _only(invoice))


def _only(invoice: Invoice) -> sync.Wanted:
    return sync.Wanted(invoice_ids=frozenset([invoice.stripe_id]))
