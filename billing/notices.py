"""Mails of billing: promised once for their subject in the transaction that has the reason, sent by the worker."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from billing.enums import NoticeKind
from billing.mails import send_notice
from billing.models import BillingNotice
from tenants.models import Tenant
from tenants.scope import operator_scope

_FORGOTTEN_AFTER = timedelta(minutes=10)
# Older than this they are no news.
_NEWS = timedelta(days=3)
_AT_ONCE = 500


def promise(*, tenant: Tenant, kind: NoticeKind, subject: str) -> bool:
    """Have a mail sent, unless it was promised before; return whether it is new.

    Runs in the caller's transaction and scope: without its reason there is no mail.
    """
    notice, is_new = BillingNotice.objects.get_or_create(tenant=tenant, kind=kind, subject=subject)
    if is_new:
        send_notice.defer(notice_id=str(notice.pk))
    return is_new


def send_forgotten() -> int:
    """Have unsent mails sent whose job is gone; return how many there were.

    A job that is done without sending had nobody to tell: that one stays as it is.
    """
    now = timezone.now()
    with operator_scope():
        unsent = BillingNotice.objects.filter(
            sent_at=None, created_at__gt=now - _NEWS, created_at__lt=now - _FORGOTTEN_AFTER
        )
        found = [str(pk) for pk in unsent.order_by("created_at").values_list("pk", flat=True)[:_AT_ONCE]]
    jobs = ProcrastinateJob.objects.filter(
        task_name=send_notice.name, args__notice_id__in=found, status__in=["todo", "doing", "succeeded"]
    )
    known = set(jobs.values_list("args__notice_id", flat=True))
    forgotten = [pk for pk in found if pk not in known]
    for notice_id in forgotten:
        send_notice.defer(notice_id=notice_id)
    return len(forgotten)
