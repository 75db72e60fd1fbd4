"""What Dezky knows of a tenant's billing: the projection of Stripe's mirror."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

from billing.enums import LIVING_STATUSES, BillingHealth, Interval, SubscriptionStatus, VatStatus
from billing.money import Money
from billing.querysets import BillingAccountQuerySet
from tenants.enums import Plan
from tenants.models import Tenant

EXPIRY_WARNING = timedelta(days=45)
OLD_AFTER = timedelta(hours=1)


class BillingAccount(models.Model):
    """One tenant's billing. What is Stripe's is written by `billing.projection` alone, at `synced_at`.

    `details_version` counts the changes of the billing details, whoever made them (P3).
    """

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="billing_account")
    customer_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    currency = models.CharField(max_length=3, default="eur")

    company = models.CharField(max_length=200, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    country = models.CharField(max_length=2, blank=True)
    vat_number = models.CharField(max_length=32, blank=True)
    vat_status = models.CharField(max_length=16, choices=VatStatus, blank=True, default=VatStatus.NONE)
    details_version = models.PositiveIntegerField(default=1)

    payment_method_id = models.CharField(max_length=64, blank=True)
    card_brand = models.CharField(max_length=32, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    card_exp_month = models.PositiveSmallIntegerField(null=True, blank=True)
    card_exp_year = models.PositiveSmallIntegerField(null=True, blank=True)

    subscription_id = models.CharField(max_length=64, blank=True)
    subscription_item_id = models.CharField(max_length=64, blank=True)
    price_id = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=24, choices=SubscriptionStatus, blank=True, default=SubscriptionStatus.NONE)
    plan = models.CharField(max_length=16, choices=Plan, blank=True)
    seats = models.PositiveIntegerField(default=0)
    interval = models.CharField(max_length=8, choices=Interval, blank=True)
    interval_count = models.PositiveSmallIntegerField(default=1)
    monthly_minor = models.BigIntegerField(default=0)
    balance_minor = models.BigIntegerField(default=0)
    period_starts_at = models.DateTimeField(null=True, blank=True)
    renews_at = models.DateTimeField(null=True, blank=True)
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    is_cancelling = models.BooleanField(default=False)
    past_due_since = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)

    synced_at = models.DateTimeField(null=True, blank=True)

    objects = BillingAccountQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[a-z]{3}$"), name="billing_account_currency_is_lower"
            ),
        ]

    def __str__(self) -> str:
        return f"billing of {self.tenant_id}"

    @property
    def monthly(self) -> Money:
        """Return the spend of a month."""
        return Money(self.currency, self.monthly_minor)

    @property
    def balance(self) -> Money:
        """Return the credit that the next invoices use up; Stripe writes it as a negative balance."""
        return Money(self.currency, -self.balance_minor)

    @property
    def has_subscription(self) -> bool:
        """Return whether there is a subscription that goes on, paid or not."""
        return self.status in LIVING_STATUSES

    @property
    def is_past_due(self) -> bool:
        """Return whether a payment has failed and the subscription waits for it."""
        return self.status in (SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID)

    @property
    def has_details(self) -> bool:
        """Return whether it is known whom invoices are for, and so what tax is due."""
        return bool(self.customer_id and self.country)

    @property
    def is_trial(self) -> bool:
        """Return whether the subscription is on trial."""
        return self.status == SubscriptionStatus.TRIALING

    @property
    def has_ended(self) -> bool:
        """Return whether there was a subscription that is over."""
        return self.status in (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED)

    @property
    def is_unpaid(self) -> bool:
        """Return whether Stripe has given up on the payment."""
        return self.status == SubscriptionStatus.UNPAID

    @property
    def is_old(self) -> bool:
        """Return whether Stripe was last asked more than an hour ago."""
        return self.synced_at is not None and self.synced_at < timezone.now() - OLD_AFTER

    @property
    def days_to_renewal(self) -> int | None:
        """Return how many days it is to the renewal, or to the end; None where there is neither."""
        if self.renews_at is None or not self.has_subscription:
            return None
        return max(0, (self.renews_at.date() - timezone.now().date()).days)

    @property
    def has_credit(self) -> bool:
        """Return whether money waits to be used up by the next invoices."""
        return self.balance_minor < 0

    @property
    def has_card(self) -> bool:
        """Return whether a card pays by default."""
        return bool(self.card_last4)

    @property
    def card_expires_soon(self) -> bool:
        """Return whether the card's last day is at most 45 days away."""
        if not self.card_exp_year or not self.card_exp_month:
            return False
        year, month = self.card_exp_year, self.card_exp_month + 1
        first_day_after = (year + (month - 1) // 12, (month - 1) % 12 + 1)
        limit = timezone.now() + EXPIRY_WARNING
        return first_day_after <= (limit.year, limit.month) and self.has_card

    @property
    def is_card_expired(self) -> bool:
        """Return whether the card's last day is over."""
        now = timezone.now()
        return self.has_card and (self.card_exp_year or 0, self.card_exp_month or 0) < (now.year, now.month)

    @property
    def health(self) -> BillingHealth | None:
        """Return whether somebody has to look after this; None where nothing is paid for."""
        if not self.has_subscription:
            return None
        if self.is_past_due:
            return BillingHealth.PAST_DUE
        if self.is_card_expired:
            return BillingHealth.CARD_EXPIRED
        return BillingHealth.CARD_EXPIRING if self.card_expires_soon else BillingHealth.GOOD

    @property
    def status_label(self) -> str:
        """Return the subscription's status in words."""
        return SubscriptionStatus(self.status).label

    @property
    def vat_status_label(self) -> str:
        """Return the VAT number's status in words."""
        return VatStatus(self.vat_status).label

    @property
    def interval_label(self) -> str:
        """Return how often it is billed, in words; three months are a quarter."""
        if self.interval == Interval.MONTH and self.interval_count == 3:  # noqa: PLR2004 - months of a quarter
            return "Quarterly"
        if self.interval_count > 1:
            return f"Every {self.interval_count} {self.interval}s"
        return Interval(self.interval).label if self.interval else ""
