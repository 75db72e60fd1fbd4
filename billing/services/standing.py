"""Where a write begins: the account as it is now, and whether whoever writes still may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from accounts import http
from billing.errors import NotAllowed
from billing.models import BillingAccount
from tenants.access import may_still
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.scope import tenant_scope

# All calls of one write together: what a person waits for at most, and less than a request's lease.
_PATIENCE_SECONDS = 15.0


@contextmanager
def patience() -> Iterator[None]:
    """Bound all calls inside together."""
    with http.together(_PATIENCE_SECONDS):
        yield


def account_for(*, tenant: Tenant, by: Actor) -> BillingAccount:
    """Return the account, made if it is missing, for somebody who may change billing now (Z7).

    Asked just before a write is kept and sent, and not again after it: what was done at Stripe is told whatever
    became of the right meanwhile.

    Raises:
        NotAllowed: they may not, or not any more.
    """
    with tenant_scope(tenant):
        if not may_still(tenant=tenant, by=by, permission=Permission.BILLING_WRITE):
            raise NotAllowed("You are not allowed to change billing here any more.")
        fresh = {"currency": settings.STRIPE_CURRENCY}
        account, _ = BillingAccount.objects.get_or_create(tenant=tenant, defaults=fresh)
    return account
