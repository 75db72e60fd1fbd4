"""What pages and the API read of billing. All of it comes from here, none from Stripe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from billing.enums import InvoiceStatus, QuoteState
from billing.models import BillingAccount, Invoice, PlanPrice, Quote
from billing.money import Money
from billing.querysets import BillingAccountQuerySet, InvoiceQuerySet
from tenants.enums import Plan
from tenants.keyset import Keyset, Page
from tenants.models import Tenant

INVOICE_ORDER = Keyset("created_at", "time", is_descending=True)
PAGE_SIZE = 25
_MONTHS = 12
_SUCCESS_SHOWN = timedelta(days=1)
_DIFFERENCE_SHOWN = timedelta(days=30)


@dataclass(frozen=True)
class MonthSpend:
    """What was paid in one month, refunds taken off."""

    month: date
    spent: Money


@dataclass(frozen=True)
class SpendYear:
    """The last twelve months of one currency, the running one last."""

    currency: str
    months: list[MonthSpend]

    @property
    def total(self) -> Money:
        """Return the sum of the months."""
        return Money(self.currency, sum(each.spent.minor for each in self.months))

    @property
    def highest_minor(self) -> int:
        """Return the largest month, at least 0."""
        return max((each.spent.minor for each in self.months), default=0)


def account_of(*, tenant: Tenant) -> BillingAccount | None:
    """Return a tenant's account; None before anything of billing was done."""
    return BillingAccount.objects.for_tenant(tenant).first()


def empty_account(*, tenant: Tenant) -> BillingAccount:
    """Return what is known of a tenant for which nothing of billing was done; it is not kept."""
    return BillingAccount(tenant=tenant, currency=settings.STRIPE_CURRENCY)


def invoices(*, tenant: Tenant) -> InvoiceQuerySet:
    """Return the invoices that a customer sees."""
    return Invoice.objects.for_tenant(tenant).shown()


def invoice_page(
    *, tenant: Tenant, status: str = "", cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Invoice]:
    """Return one page of invoices, newest first; `status` is one of the filters of invoices."""
    return INVOICE_ORDER.page(invoices(tenant=tenant).matching(status), cursor=cursor, size=size)


def invoice(*, tenant: Tenant, invoice_id: UUID) -> Invoice | None:
    """Return one invoice."""
    return invoices(tenant=tenant).filter(pk=invoice_id).first()


def open_invoices(*, tenant: Tenant) -> list[Invoice]:
    """Return the invoices that wait for money, oldest first."""
    return list(Invoice.objects.for_tenant(tenant).open().order_by("created_at")[:20])


def quote(*, tenant: Tenant, quote_id: UUID) -> Quote | None:
    """Return one quote."""
    return Quote.objects.for_tenant(tenant).filter(pk=quote_id).first()


def last_quote_taken_up(*, tenant: Tenant) -> Quote | None:
    """Return the quote that was accepted last: of the last day, or of the last month if it was charged differently."""
    found = Quote.objects.for_tenant(tenant).taken_up().first()
    if found is None or found.accepted_at is None:
        return None
    shown_for = _DIFFERENCE_SHOWN if found.state == QuoteState.DIFFERENT else _SUCCESS_SHOWN
    return found if found.accepted_at > timezone.now() - shown_for else None


def price_of(account: BillingAccount) -> PlanPrice | None:
    """Return the catalogue's price that a subscription is on."""
    return price_by_id(account.price_id) if account.price_id else None


def price_by_id(price_id: str) -> PlanPrice | None:
    """Return a price of the catalogue, also one that is sold no more."""
    return PlanPrice.objects.filter(price_id=price_id).first()


def prices(*, currency: str) -> list[PlanPrice]:
    """Return what the plans cost in a currency, cheapest first."""
    return list(PlanPrice.objects.filter(currency=currency, is_active=True).order_by("interval", "unit_minor"))


def spend_year(*, tenant: Tenant, now: datetime | None = None) -> list[SpendYear]:
    """Return what was paid in each of the last twelve months, for each currency by itself."""
    now = now or timezone.now()
    months = _last_months(now.date())
    paid = (
        Invoice.objects.for_tenant(tenant)
        .filter(status=InvoiceStatus.PAID, created_at__date__gte=months[0])
        .annotate(month=TruncMonth("created_at"))
        .values("currency", "month")
        .annotate(minor=Sum(F("amount_paid_minor") - F("refunded_minor")))
    )
    found = {(row["currency"], row["month"].date()): int(row["minor"]) for row in paid}
    currencies = sorted({currency for currency, _month in found})
    return [
        SpendYear(currency, [MonthSpend(m, Money(currency, found.get((currency, m), 0))) for m in months])
        for currency in currencies
    ]


def monthly_sums(accounts: BillingAccountQuerySet) -> list[Money]:
    """Return the sum of monthly spends, for each currency by itself, counted by the database."""
    found = accounts.filter(monthly_minor__gt=0).values_list("currency").annotate(minor=Sum("monthly_minor"))
    return [Money(currency, int(minor)) for currency, minor in found.order_by("currency")]


def plans_sold(*, currency: str) -> dict[Plan, list[PlanPrice]]:
    """Return the catalogue of a currency by plan, in the plans' own order."""
    found = prices(currency=currency)
    return {plan: mine for plan in Plan if (mine := [price for price in found if price.plan == plan])}


def _last_months(today: date) -> list[date]:
    """Return the first days of the last twelve months, oldest first."""
    last = today.year * 12 + today.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(last - _MONTHS + 1, last + 1)]
