"""What the list of invoices costs a workspace with thirty thousand of them, against one with three."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenants.models import Tenant

FEW, MANY = 3, 30_000
_RUNS = 200
_WARM_UP_RUNS = 10


def fill(tenant: Tenant, count: int) -> None:
    """Give a workspace that many paid invoices, an hour apart."""
    from django.utils import timezone  # noqa: PLC0415 - Django is set up by now

    from billing.enums import InvoiceStatus  # noqa: PLC0415
    from billing.models import Invoice  # noqa: PLC0415
    from tenants.scope import operator_scope  # noqa: PLC0415

    now = timezone.now()
    rows = (
        Invoice(
            tenant=tenant,
            stripe_id=f"in_{tenant.pk.hex}_{number}",
            number=f"B-{number:05}",
            status=InvoiceStatus.PAID,
            currency="eur",
            total_minor=1000 + number,
            amount_paid_minor=1000 + number,
            created_at=now - timedelta(hours=number),
            paid_at=now,
            synced_at=now,
        )
        for number in range(count)
    )
    with operator_scope():
        Invoice.objects.bulk_create(rows, batch_size=1000)


def time_in_turns(readers: Sequence[Callable[[], object]], *, runs: int = _RUNS) -> list[float]:
    """Return what nine in ten runs of each reader exceed, in milliseconds.

    They take turns, so that a slow moment falls on all of them; and what others do on this machine only adds.
    """
    times: list[list[float]] = [[] for _ in readers]
    for run in range(runs + _WARM_UP_RUNS):
        for reader, kept in zip(readers, times, strict=True):
            started = time.perf_counter()
            reader()
            if run >= _WARM_UP_RUNS:
                kept.append((time.perf_counter() - started) * 1000)
    return [statistics.quantiles(kept, n=10)[0] for kept in times]


def cursor_after(tenant: Tenant, count: int) -> str | None:
    """Return the cursor behind that many invoices; None before the first."""
    from billing import selectors  # noqa: PLC0415 - Django is set up by now
    from tenants.scope import tenant_scope  # noqa: PLC0415

    with tenant_scope(tenant):
        return selectors.invoice_page(tenant=tenant, size=count).next_cursor if count else None


def reader(tenant: Tenant, cursor: str | None = None) -> Callable[[], object]:
    """Return what reads three invoices of a workspace."""
    from billing import selectors  # noqa: PLC0415
    from tenants.scope import tenant_scope  # noqa: PLC0415

    def read() -> object:
        with tenant_scope(tenant):
            return selectors.invoice_page(tenant=tenant, cursor=cursor, size=FEW).items

    return read


def main() -> int:
    """Measure in a database that is there, as the owner of its tables, leave nothing behind, and print JSON."""
    import django  # noqa: PLC0415

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.db import transaction  # noqa: PLC0415

    with transaction.atomic():
        figures = _measure()
        transaction.set_rollback(True)
    json.dump(figures, sys.stdout)
    return 0


def _measure() -> dict[str, Any]:

    from django.db import connection  # noqa: PLC0415

    from tenants.audit import SYSTEM  # noqa: PLC0415
    from tenants.enums import Plan, TenantStatus  # noqa: PLC0415
    from tenants.services import workspaces  # noqa: PLC0415

    tenants = []
    for count in (FEW, MANY):
        tenant = workspaces.create_tenant(
            slug=f"bench-{count}",
            name=f"Bench {count}",
            plan=Plan.STARTER,
            seats=1,
            status=TenantStatus.ACTIVE,
            partner_id=None,
            by=SYSTEM,
        )
        fill(tenant, count)
        tenants.append(tenant)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE billing_invoice")  # as autovacuum does a minute after so many rows
    small, large = tenants
    last = cursor_after(large, MANY - FEW)
    readers = [reader(small), reader(small, cursor_after(small, 1)), reader(large), reader(large, last)]
    few, next_of_few, first_page, last_page = time_in_turns(readers)
    return {"first_page": round(first_page / few, 2), "last_page": round(last_page / next_of_few, 2)}


if __name__ == "__main__":
    sys.exit(main())
