"""The mails themselves: written from what is known when they are sent, to whoever looks after billing."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from billing.enums import NoticeKind
from billing.models import BillingAccount, BillingNotice, Invoice, PlanPrice
from billing.money import Money
from tenants.models import Membership, Tenant
from tenants.scope import operator_scope

logger = logging.getLogger(__name__)

# A mail server that is away: tried again after 4, 16, 64, … seconds, ten times, which is most of a fortnight.
_RETRY = RetryStrategy(max_attempts=10, exponential_wait=4)
_SUBJECTS = {
    NoticeKind.RECEIPT: "Receipt for invoice {invoice}",
    NoticeKind.PAYMENT_FAILED: "Payment failed for invoice {invoice}",
    NoticeKind.CARD_EXPIRING: "The card that pays for {tenant} expires soon",
    NoticeKind.RENEWAL: "{tenant} renews on {date}",
}


@app.task(retry=_RETRY, pass_context=False)
def send_notice(notice_id: str) -> int:
    """Send one mail, once; return to how many addresses. What was put right before it went out is told to nobody.

    It is marked as sent after the server has taken it: a worker that dies in between sends it again, and no
    mail is lost.
    """
    with operator_scope():
        notice = BillingNotice.objects.select_related("tenant").filter(pk=UUID(notice_id), sent_at=None).first()
        if notice is None:
            return 0
        addresses, context = _addresses(notice.tenant), _context(notice)
    if _is_overtaken(notice, context["account"], context["invoice"]):
        return 0
    if not addresses:
        logger.warning("nobody to tell about %s of %s", notice.kind, notice.tenant.slug)
        return 0
    kind = NoticeKind(notice.kind)
    subject = _SUBJECTS[kind].format_map(context["words"])
    text = render_to_string(f"emails/{kind}.txt", context)
    EmailMessage(" ".join(subject.split())[:200], text, to=addresses).send()
    with operator_scope():
        BillingNotice.objects.for_tenant(notice.tenant).filter(pk=notice.pk).update(sent_at=timezone.now())
    return len(addresses)


def _is_overtaken(notice: BillingNotice, account: BillingAccount, invoice: Invoice | None) -> bool:
    """Return whether a mail is about what is no more: it may have waited for the mail server for days."""
    if notice.kind == NoticeKind.PAYMENT_FAILED:
        return invoice is None or not invoice.is_open
    if notice.kind == NoticeKind.CARD_EXPIRING:
        return notice.subject.partition(":")[0] != account.payment_method_id
    return notice.kind == NoticeKind.RENEWAL and (account.is_cancelling or not account.has_subscription)


def _addresses(tenant: Tenant) -> list[str]:
    """Return the address of the billing details, else those of owners and admins."""
    account = BillingAccount.objects.for_tenant(tenant).first()
    if account is not None and _is_address(account.email):
        return [account.email]
    admins = Membership.objects.for_tenant(tenant).admins().filter(user__is_active=True)
    return sorted({email for email in admins.values_list("user__email", flat=True) if _is_address(email)})[:50]


def _context(notice: BillingNotice) -> dict[str, Any]:
    tenant = notice.tenant
    account = BillingAccount.objects.for_tenant(tenant).get()
    price = PlanPrice.objects.filter(price_id=account.price_id).first()
    invoice = Invoice.objects.for_tenant(tenant).filter(stripe_id=notice.subject.partition(":")[0]).first()
    return {
        "tenant": tenant,
        "account": account,
        "invoice": invoice,
        "next_amount": Money(price.currency, price.unit_minor * account.seats) if price else None,
        "link": f"{settings.SITE_URL}/admin/{tenant.slug}/subscription/",
        "words": {
            "tenant": tenant.name,
            "invoice": str(invoice or ""),
            "date": f"{account.renews_at:%-d %B %Y}" if account.renews_at else "",
        },
    }


def _is_address(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True
