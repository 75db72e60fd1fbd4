"""Reads of the operator portal, over all tenants. They need the operator's scope."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F

from accounts.models import User
from partner.models import Partner
from tenants.enums import TenantStatus
from tenants.keyset import Keyset, Page
from tenants.models import Tenant

TENANT_ORDER = Keyset(field="name", kind="text")
PAGE_SIZE = 25


@dataclass(frozen=True)
class Counts:
    """The platform in numbers."""

    tenants: int
    active: int
    trial: int
    suspended: int
    partners: int
    people: int


def counts() -> Counts:
    """Return the platform in numbers."""
    by_status = dict(Tenant.objects.values_list("status").annotate(n=Count("id")))
    return Counts(
        tenants=sum(by_status.values()),
        active=by_status.get(TenantStatus.ACTIVE, 0),
        trial=by_status.get(TenantStatus.TRIAL, 0),
        suspended=by_status.get(TenantStatus.SUSPENDED, 0),
        partners=Partner.objects.count(),
        people=User.objects.filter(is_active=True).count(),
    )


def tenants_page(
    *, text: str = "", status: str = "", partner: str = "", cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Tenant]:
    """Return one page of tenants, by name, with `partner_name`; `partner` is a slug, or "direct"."""
    found = Tenant.objects.annotate(partner_name=F("partner__name")).matching(text)
    if status:
        found = found.filter(status=status)
    if partner == "direct":
        found = found.filter(partner__isnull=True)
    elif partner:
        found = found.filter(partner__slug=partner)
    return TENANT_ORDER.page(found, cursor=cursor, size=size)


def partner_choices() -> list[tuple[str, str]]:
    """Return the partners to filter by, as (slug, name)."""
    return list(Partner.objects.order_by("name").values_list("slug", "name"))
