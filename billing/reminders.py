"""Mails about what lies ahead: cards that expire before the next charge, and renewals."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from billing import notices
from billing.enums import LIVING_STATUSES, NoticeKind, SubscriptionStatus
from billing.models import BillingAccount
from tenants.scope import operator_scope

RENEWAL_AHEAD = timedelta(days=7)
# What is paused makes no invoice, and of what is unpaid Stripe makes drafts that it charges nobody for.
_NOT_CHARGED = (SubscriptionStatus.PAUSED, SubscriptionStatus.UNPAID)


def promise_due() -> int:
    """Promise what is due today, each once for its card or period; return how many are new."""
    now, new = timezone.now(), 0
    with operator_scope():
        living = BillingAccount.objects.filter(status__in=LIVING_STATUSES).select_related("tenant")
        for account in living.iterator():
            if account.card_expires_soon and not account.is_cancelling:
                subject = f"{account.payment_method_id}:{account.card_exp_year}-{account.card_exp_month}"
                new += notices.promise(tenant=account.tenant, kind=NoticeKind.CARD_EXPIRING, subject=subject)
            is_near = account.renews_at is not None and now < account.renews_at <= now + RENEWAL_AHEAD
            is_charged = not account.is_cancelling and account.status not in _NOT_CHARGED
            if is_near and is_charged and account.renews_at:
                subject = f"{account.subscription_id}:{account.renews_at:%Y-%m-%d}"
                new += notices.promise(tenant=account.tenant, kind=NoticeKind.RENEWAL, subject=subject)
    return new
