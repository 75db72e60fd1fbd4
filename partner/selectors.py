"""Reads of the partner app."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Sum
from django.utils import timezone

from accounts.models import User
from billing.models import BillingAccount
from billing.money import Money
from billing.selectors import monthly_sums
from partner.enums import StaffRole
from partner.models import PartnerStaff
from tenants.delegates import Delegate
from tenants.enums import Permission
from tenants.keyset import Keyset, Page
from tenants.models import DelegatedAccess, Tenant
from tenants.querysets import TenantQuerySet
from tenants.scope import partner_scope

CUSTOMER_ORDER = Keyset(field="name", kind="text")
PAGE_SIZE = 25


@dataclass(frozen=True)
class Customer:
    """One customer as a partner's list shows it, with the grant that holds now, if any."""

    tenant: Tenant
    grant: DelegatedAccess | None

    @property
    def account(self) -> BillingAccount | None:
        """Return the customer's billing, which was read with it; None before there is any."""
        return getattr(self.tenant, "billing_account", None)

    @property
    def has_access(self) -> bool:
        """Return whether delegated access holds."""
        return self.grant is not None

    @property
    def access_label(self) -> str:
        """Return the access in words."""
        return "Active" if self.grant else "None"

    @property
    def access_ends_at(self) -> datetime | None:
        """Return when the grant ends, or None."""
        return self.grant.ends_at if self.grant else None


@dataclass(frozen=True)
class Totals:
    """What a partner's customers come to; money for each currency by itself."""

    customers: int
    seats: int
    seats_used: int
    monthly: list[Money] = field(default_factory=list)
    past_due: int = 0


def staff_of(user: User) -> PartnerStaff | None:
    """Return a person's place at a partner, with the partner; read from the database each time."""
    return PartnerStaff.objects.select_related("partner").filter(user=user, user__is_active=True).first()


def delegate_of(user: User) -> Delegate | None:
    """Return a person as tenants knows a partner's staff."""
    staff = staff_of(user)
    if staff is None:
        return None
    assigned = staff.customers.through._default_manager.filter(partnerstaff_id=staff.pk)
    seen = None if staff.role == StaffRole.ADMIN else frozenset(assigned.values_list("tenant_id", flat=True))
    return Delegate(partner_id=staff.partner_id, firm=staff.partner.name, tenant_ids=seen)


def open_grant_ids(user: User) -> set[str]:
    """Return the ids of the grants by which a person may enter a customer's workspace now; none for no staff."""
    delegate = delegate_of(user)
    if delegate is None:
        return set()
    with partner_scope(delegate.partner_id):
        customers = {tenant.pk for tenant in Tenant.objects.open().filter(partner_id=delegate.partner_id)}
        grants = DelegatedAccess.objects.for_partner(delegate.partner_id).filter(tenant_id__in=customers).active()
        return {str(grant.pk) for grant in grants if delegate.may_see(grant.tenant_id)}


def customers_of(*, staff: PartnerStaff, text: str = "") -> TenantQuerySet:
    """Return the customers that this member of staff may see. Needs the partner's scope."""
    found = Tenant.objects.filter(partner_id=staff.partner_id).matching(text).select_related("billing_account")
    if staff.role == StaffRole.ADMIN:
        return found
    assigned = staff.customers.through._default_manager.filter(partnerstaff_id=staff.pk)
    return found.filter(pk__in=assigned.values("tenant_id"))


def customers_page(*, staff: PartnerStaff, text: str = "", cursor: str | None = None) -> Page[Customer]:
    """Return one page of customers, by name, each with its grant."""
    page = CUSTOMER_ORDER.page(customers_of(staff=staff, text=text), cursor=cursor, size=PAGE_SIZE)
    grants = _grants(staff, [tenant.pk for tenant in page.items])
    items = [Customer(tenant=tenant, grant=grants.get(tenant.pk)) for tenant in page.items]
    return Page(items=items, next_cursor=page.next_cursor, previous_cursor=page.previous_cursor)


def customer(*, staff: PartnerStaff, slug: str) -> Customer | None:
    """Return one customer that this member of staff may see."""
    tenant = customers_of(staff=staff).filter(slug=slug).first()
    return Customer(tenant=tenant, grant=_grants(staff, [tenant.pk]).get(tenant.pk)) if tenant else None


def totals(*, staff: PartnerStaff) -> Totals:
    """Return how many customers there are, their seats, and what they pay."""
    mine = customers_of(staff=staff).select_related(None)
    summed = mine.aggregate(n=Count("id"), seats=Sum("seats"), used=Sum("seats_used"))
    accounts = BillingAccount.objects.filter(tenant__in=mine)
    return Totals(
        customers=summed["n"],
        seats=summed["seats"] or 0,
        seats_used=summed["used"] or 0,
        monthly=monthly_sums(accounts),
        past_due=accounts.past_due().count(),
    )


def _grants(staff: PartnerStaff, tenant_ids: list[UUID]) -> dict[UUID, DelegatedAccess]:
    """Return the grants that hold now, by tenant; where two do, the one that ends later."""
    found = DelegatedAccess.objects.for_partner(staff.partner_id).filter(tenant_id__in=tenant_ids).active()
    return {grant.tenant_id: grant for grant in found.order_by("ends_at").select_related("granted_by")}


def grant_opens(grant: DelegatedAccess | None, tenant: Tenant) -> bool:
    """Return whether a grant opens the workspace's first page now: it shows people."""
    if grant is None or tenant.is_suspended or not grant.is_active(timezone.now()):
        return False
    return Permission.PEOPLE_READ in grant.permissions
