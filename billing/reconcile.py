"""Finds by itself what webhooks did not bring: events that were lost, and tenants that differ from Stripe."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import timedelta

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from billing import inbox, sync
from billing.enums import DriftState
from billing.errors import BadWebhook, BillingError, Busy, StripeAway
from billing.gateway import reads
from billing.models import BillingAccount, BillingWatch, DriftReport
from billing.projection import moment
from tenants import audit
from tenants.audit import SYSTEM, Change, Thing
from tenants.enums import AuditAction
from tenants.models import Tenant
from tenants.scope import operator_scope

logger = logging.getLogger(__name__)

# An event may be listed a little after its own time.
_OVERLAP = timedelta(minutes=10)
_FIRST_LOOK = timedelta(days=1)
_KEPT_DIFFERENCES = 50


def find_lost_events() -> int:
    """Keep the events that Stripe lists and the inbox lacks; return how many there were.

    Raises:
        StripeAway, Refused: Stripe did not say; noted, and the next look begins where this one did.
    """
    watch, _ = BillingWatch.objects.get_or_create(pk=1)
    started = timezone.now()
    since = (watch.events_seen_until or started - _FIRST_LOOK) - _OVERLAP
    try:
        found = list(reads.events(since=int(since.timestamp())))
    except BillingError as error:
        BillingWatch.objects.filter(pk=1).update(looked_at=started, problem=str(error)[:200])
        raise
    lost = sum(_keep(content) for content in reversed(found))
    newest = max((moment(each["created"]) or since for each in found), default=started)
    BillingWatch.objects.filter(pk=1).update(
        events_seen_until=max(since + _OVERLAP, min(newest, started)), looked_at=started, problem=""
    )
    if lost:
        logger.warning("%d events never came and were found by asking", lost)
        inbox.call_worker()
    return lost


def compare(tenant: Tenant) -> DriftReport:
    """Compare a tenant with Stripe, bring it in line, and note what was found.

    A difference is found once: the next comparison finds none. What can't be compared is unknown, never same.
    """
    report, _ = _compare(tenant)
    return report


def compare_oldest(count: int) -> int:
    """Compare the tenants that were not compared for longest; stops when Stripe is away. Returns how many."""
    with operator_scope():
        accounts = BillingAccount.objects.exclude(customer_id=None).select_related("tenant", "tenant__drift_report")
        fresh = [a.tenant for a in accounts.filter(tenant__drift_report=None)[:count]]
        known = accounts.exclude(tenant__drift_report=None)
        due = [a.tenant for a in known.order_by("tenant__drift_report__checked_at")[:count]]
    done = 0
    for tenant in (fresh + due)[:count]:
        _, is_away = _compare(tenant)
        done += 1
        if is_away:
            break
    return done


def _compare(tenant: Tenant) -> tuple[DriftReport, bool]:
    """Return what comparing a tenant gave, and whether Stripe was away."""
    with operator_scope():
        account = BillingAccount.objects.for_tenant(tenant).first()
    if account is None or not account.customer_id:
        return _report(tenant, DriftState.SAME, []), False
    try:
        synced = sync.tenant(tenant, account.customer_id, sync.Wanted(is_whole=True))
    except (InterfaceError, OperationalError):
        raise  # without the database nothing can be noted
    except BillingError as error:
        return _unknown(tenant, str(error)), isinstance(error, StripeAway) and not isinstance(error, Busy)
    except Exception as error:
        logger.exception("%s could not be compared", tenant.slug)
        return _unknown(tenant, type(error).__name__), False
    state = DriftState.DIFFERENT if synced.differences else DriftState.SAME
    return _report(tenant, state, [asdict(each) for each in synced.differences]), False


def _keep(content: dict[str, object]) -> bool:
    try:
        return inbox.keep_found(content)
    except BadWebhook:
        return False


def _report(tenant: Tenant, state: DriftState, found: list[dict[str, str]]) -> DriftReport:
    now = timezone.now()
    with operator_scope():
        report, _ = DriftReport.objects.update_or_create(
            tenant=tenant,
            defaults={
                "state": state,
                "checked_at": now,
                "compared_at": now,
                "differences": found[:_KEPT_DIFFERENCES],
                "healed": len(found),
                "problem": "",
            },
        )
        if found:
            audit.record(
                tenant=tenant,
                action=AuditAction.BILLING_HEAL,
                by=SYSTEM,
                thing=Thing(type="tenant", id=str(tenant.pk), label=tenant.name),
                changes=tuple(
                    Change(f"{each['subject']} {each['field']}", each["ours"], each["theirs"]) for each in found[:20]
                ),
            )
    return report


def _unknown(tenant: Tenant, problem: str) -> DriftReport:
    with operator_scope():
        report, _ = DriftReport.objects.update_or_create(
            tenant=tenant,
            defaults={"state": DriftState.UNKNOWN, "checked_at": timezone.now(), "problem": problem[:200]},
        )
    return report
