"""Reads of the operator portal, over all tenants. They need the operator's scope."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q

from accounts.models import OIDCSession, SignOutOrder, User
from partner.models import Partner
from tenants.enums import TenantStatus
from tenants.keyset import Keyset, Page
from tenants.models import Membership, Tenant

TENANT_ORDER = Keyset(field="name", kind="text")
PEOPLE_ORDER = Keyset(field="email", kind="text")
ORDER_ORDER = Keyset(field="ordered_at", kind="time", is_descending=True)
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
    found = Tenant.objects.annotate(partner_name=F("partner__name")).matching(text).select_related("billing_account")
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


def people_page(*, text: str = "", cursor: str | None = None) -> Page[User]:
    """Return one page of people, by e-mail address."""
    found = User.objects.filter(Q(email__icontains=text) | Q(name__icontains=text)) if text else User.objects.all()
    return PEOPLE_ORDER.page(found, cursor=cursor, size=PAGE_SIZE)


def memberships_of(person: User) -> list[Membership]:
    """Return a person's workspaces, whatever their status."""
    return list(Membership.objects.of(person).select_related("tenant").order_by("tenant__name"))


def people_of(tenant: Tenant) -> list[User]:
    """Return everybody who is a member of a workspace."""
    members = Membership.objects.for_tenant(tenant)
    return list(User.objects.filter(pk__in=members.values("user_id")))


def tenant_by_slug(slug: str) -> Tenant | None:
    """Return a workspace, with its `partner_name`, whatever its status."""
    return Tenant.objects.annotate(partner_name=F("partner__name")).filter(slug=slug).first()


def orders_page(*, cursor: str | None = None) -> Page[SignOutOrder]:
    """Return one page of sign-out orders, the newest first."""
    return ORDER_ORDER.page(SignOutOrder.objects.all(), cursor=cursor, size=PAGE_SIZE)


def signed_in_of(tenant: Tenant) -> int:
    """Return how many sessions the people of a workspace have open."""
    members = Membership.objects.for_tenant(tenant)
    return OIDCSession.objects.alive().filter(user_id__in=members.values("user_id")).count()
