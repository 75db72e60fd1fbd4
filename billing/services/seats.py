"""Seats against people: how many are missing, and what those would cost."""

from __future__ import annotations

from billing.enums import Interval
from billing.errors import Refused
from billing.models import Quote
from billing.services import quotes
from billing.services.standing import account_for
from tenants.audit import Actor
from tenants.enums import Plan
from tenants.models import Tenant
from tenants.scope import tenant_scope


def missing_seats(tenant: Tenant) -> int:
    """Return how many more people than seats there are; a directory adds people without asking."""
    with tenant_scope(tenant):
        fresh = Tenant.objects.get(pk=tenant.pk)
    return max(0, fresh.seats_used - fresh.seats)


def quote_missing(*, tenant: Tenant, count: int, by: Actor) -> Quote:
    """Return the kept price of `count` seats on top of what is bought, as of this moment.

    Raises:
        Refused: nothing is subscribed to, or as `quote_change`.
        StripeAway, NotAllowed: asking again is safe.
    """
    account = account_for(tenant=tenant, by=by)
    if not account.has_subscription:
        raise Refused("Subscribe first. Then seats can be added.", code="no_subscription", field="seats")
    return quotes.quote_change(
        tenant=tenant,
        plan=Plan(account.plan),
        interval=Interval(account.interval),
        seats=account.seats + count,
        by=by,
    )
