"""The customer at Stripe, made when it is first needed."""

from __future__ import annotations

from accounts import idempotency
from billing import sync, writes
from billing.enums import Operation
from billing.gateway import writes as stripe
from billing.models import BillingAccount
from billing.services.standing import account_for
from tenants import audit
from tenants.audit import Actor, Thing
from tenants.enums import AuditAction
from tenants.models import Tenant
from tenants.scope import tenant_scope


def ensure_customer(*, tenant: Tenant, by: Actor) -> str:
    """Return the tenant's customer id; there is never a second one, however often or in parallel this is asked.

    Raises:
        StripeAway, Refused, NotAllowed: nothing was made, or it is not known and may be asked again.
    """
    account = account_for(tenant=tenant, by=by)
    if account.customer_id:
        return account.customer_id
    params = {"name": tenant.name, "metadata": {sync.SUBSCRIBER_KEY: str(tenant.pk), "slug": tenant.slug}}
    sent = writes.send(
        tenant=tenant,
        operation=Operation.CUSTOMER_CREATE,
        content={"tenant": str(tenant.pk)},
        call=lambda key: stripe.create_customer(params, key=key),
    )
    customer_id = str(sent.answer["id"])
    with tenant_scope(tenant):
        locked = BillingAccount.objects.for_tenant(tenant).select_for_update().get()
        if locked.customer_id is None:
            locked.customer_id = customer_id
            locked.save(update_fields=["customer_id"])
            thing = Thing(type="customer", id=customer_id, label=tenant.name)
            with idempotency.unfinished():  # nobody asks for a customer: it is there for what comes next
                audit.record(tenant=tenant, action=AuditAction.CUSTOMER_CREATE, by=by, thing=thing)
        writes.note_done(sent)
        return locked.customer_id or customer_id
