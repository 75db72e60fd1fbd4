"""Seats against people: what it costs to have a seat for each of them."""

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


def quote_people(*, tenant: Tenant, people: int, by: Actor) -> Quote | None:
    """Return the kept price of the seats that `people` more need, as of this moment; None if there is room for them.

    Whoever is there without a seat already, for a directory adds people without asking, is counted in.

    Raises:
        Refused: nothing is subscribed to, or as `quote_change`.
        StripeAway, NotAllowed: asking again is safe.
    """
    account = account_for(tenant=tenant, by=by)
    with tenant_scope(tenant):
        now = Tenant.objects.get(pk=tenant.pk)
    wanted = now.seats_used + people
    if wanted <= now.seats:
        return None
    if not account.has_subscription:
        raise Refused("Subscribe first. Then seats can be added.", code="no_subscription", field="people")
    return quotes.quote_change(
        tenant=tenant, plan=Plan(account.plan), interval=Interval(account.interval), seats=wanted, by=by
    )
