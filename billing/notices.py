"""Mails of billing: promised once for their subject in the transaction that has the reason, sent by the worker."""

from __future__ import annotations

from billing.enums import NoticeKind
from billing.mails import send_notice
from billing.models import BillingNotice
from tenants.models import Tenant


def promise(*, tenant: Tenant, kind: NoticeKind, subject: str) -> bool:
    """Have a mail sent, unless it was promised before; return whether it is new.

    Runs in the caller's transaction and scope: without its reason there is no mail.
    """
    notice, is_new = BillingNotice.objects.get_or_create(tenant=tenant, kind=kind, subject=subject)
    if is_new:
        send_notice.defer(notice_id=str(notice.pk))
    return is_new
