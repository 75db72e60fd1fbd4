"""What operators see of billing, over all tenants: the catalogue, the inbox, the radar. In the operator's scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, Sum
from django.utils import timezone

from billing.enums import LIVING_STATUSES, DriftState, InboxState
from billing.models import BillingAccount, BillingWatch, DriftReport, PlanPrice, WebhookEvent
from billing.money import Money
from billing.querysets import MAX_ATTEMPTS, WebhookEventQuerySet
from billing.selectors import monthly_sums
from tenants.keyset import Keyset, Page
from tenants.models import Tenant
from tenants.querysets import TenantQuerySet

EVENT_ORDER = Keyset("received_at", "time", is_descending=True, has_text_ids=True)
RADAR_ORDER = Keyset("name", "text")
PAGE_SIZE = 25


@dataclass(frozen=True)
class Income:
    """What tenants pay a month, for each currency by itself, and how many are behind."""

    monthly: list[Money]
    past_due: int


@dataclass(frozen=True)
class InboxHealth:
    """How the inbox of webhooks does: events that wait for their first try, and those whose last one failed.

    Of the failed, those that are `given_up` are not tried again by themselves.
    """

    waiting: int
    oldest_at: datetime | None
    failed: int
    given_up: int
    last_at: datetime | None
    watch: BillingWatch | None

    @property
    def is_well(self) -> bool:
        """Return whether nothing failed, nothing waits for over five minutes, and the search for lost events runs."""
        is_late = self.oldest_at is not None and (timezone.now() - self.oldest_at).total_seconds() > 300  # noqa: PLR2004
        return not (self.failed or is_late or (self.watch is not None and self.watch.problem))


@dataclass(frozen=True)
class Sale:
    """One price of the catalogue, with who is subscribed to it and what that brings a month."""

    price: PlanPrice
    tenants: int
    seats: int
    monthly: Money


@dataclass(frozen=True)
class Catalogue:
    """All prices, by currency; `read_at` is when Stripe was last asked."""

    sales: dict[str, list[Sale]]
    read_at: datetime | None


def income() -> Income:
    """Return what all tenants pay."""
    accounts = BillingAccount.objects.all()
    return Income(monthly=monthly_sums(accounts), past_due=accounts.past_due().count())


def inbox_health() -> InboxHealth:
    """Return how the inbox does."""
    is_failed = Q(state=InboxState.FAILED)
    is_waiting = Q(state=InboxState.RECEIVED)
    found = WebhookEvent.objects.aggregate(
        waiting=Count("id", filter=is_waiting),
        oldest_at=Min("received_at", filter=is_waiting),
        failed=Count("id", filter=is_failed),
        given_up=Count("id", filter=is_failed & Q(attempts__gte=MAX_ATTEMPTS)),
        last_at=Max("received_at"),
    )
    return InboxHealth(**found, watch=BillingWatch.objects.filter(pk=1).first())


def catalogue() -> Catalogue:
    """Return the prices, with what is subscribed to each; old ones as long as somebody pays them."""
    living = BillingAccount.objects.filter(status__in=LIVING_STATUSES)
    sums = {
        row["price_id"]: row
        for row in living.values("price_id").annotate(
            tenants=Count("tenant_id"), bought=Sum("seats"), minor=Sum("monthly_minor")
        )
    }
    nothing = {"tenants": 0, "bought": 0, "minor": 0}
    prices = PlanPrice.objects.filter(Q(is_active=True) | Q(price_id__in=list(sums)))
    sales: dict[str, list[Sale]] = {}
    for price in prices.order_by("currency", "interval", "unit_minor", "price_id"):
        row = sums.get(price.price_id, nothing)
        sale = Sale(price, row["tenants"], row["bought"], Money(price.currency, row["minor"]))
        sales.setdefault(price.currency, []).append(sale)
    return Catalogue(sales, PlanPrice.objects.aggregate(at=Max("synced_at"))["at"])


def events(*, text: str = "", state: str = "") -> WebhookEventQuerySet:
    """Return the events that fit: by state, "flagged" included, and by the words that they go by."""
    found = WebhookEvent.objects.matching(text)
    if state == "flagged":
        return found.filter(is_flagged=True)
    return found.filter(state=state) if state else found


def events_page(*, text: str = "", state: str = "", cursor: str | None = None) -> Page[WebhookEvent]:
    """Return one page of events, the newest first."""
    return EVENT_ORDER.page(events(text=text, state=state), cursor=cursor, size=PAGE_SIZE)


def event_counts() -> dict[str, int]:
    """Return how many events there are by state; "" are all, "flagged" those that are not what we know."""
    counts = dict(WebhookEvent.objects.values_list("state").annotate(n=Count("id")))
    flagged = WebhookEvent.objects.filter(is_flagged=True).count()
    return {"": sum(counts.values()), **{state: counts.get(state, 0) for state in InboxState}, "flagged": flagged}


def radar_page(*, text: str = "", state: str = "", cursor: str | None = None) -> Page[Tenant]:
    """Return one page of the tenants that Stripe knows, by name, each with its last comparison."""
    found = _at_stripe().matching(text).select_related("drift_report", "billing_account")
    if state == "never":
        found = found.filter(drift_report=None)
    elif state:
        found = found.filter(drift_report__state=state)
    return RADAR_ORDER.page(found, cursor=cursor, size=PAGE_SIZE)


def radar_counts() -> dict[str, int]:
    """Return how many tenants there are by what their last comparison found; "never" were not compared yet."""
    counts = dict(_at_stripe().values_list("drift_report__state").annotate(n=Count("id")))
    return {
        "": sum(counts.values()),
        **{state: counts.get(state, 0) for state in DriftState},
        "never": counts.get(None, 0),
    }


def last_compared() -> datetime | None:
    """Return when any tenant was last compared with Stripe."""
    found: datetime | None = DriftReport.objects.aggregate(at=Max("compared_at"))["at"]
    return found


def with_billing(slug: str) -> Tenant | None:
    """Return a tenant with its partner's name, its account and its last comparison."""
    tenants = Tenant.objects.annotate(partner_name=F("partner__name"))
    return tenants.select_related("billing_account", "drift_report").filter(slug=slug).first()


def _at_stripe() -> TenantQuerySet:
    account = BillingAccount.objects.filter(tenant=OuterRef("pk"), customer_id__isnull=False)
    return Tenant.objects.filter(Exists(account))
