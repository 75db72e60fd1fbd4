"""Writes of the partner app."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from partner.enums import StaffRole
from partner.models import Partner, PartnerStaff
from tenants import audit
from tenants.audit import Actor, Change, Thing
from tenants.enums import AuditAction, MembershipSource
from tenants.models import Tenant


def sync_staff(*, user: User, wanted: dict[str, StaffRole], by: Actor) -> None:
    """Make a person's place at a partner what their groups say; no group takes a directory's place away.

    A person works for one partner: of several groups the first by slug counts.
    """
    with transaction.atomic():
        current = PartnerStaff.objects.select_related("partner").filter(user=user).first()
        if current is not None and current.source != MembershipSource.DIRECTORY:
            return
        partner = Partner.objects.filter(slug__in=wanted).order_by("slug").first()
        if current is not None and (partner is None or current.partner_id != partner.pk):
            _record(AuditAction.STAFF_REMOVE, current, by)
            current.delete()
            current = None
        if partner is None:
            return
        role = wanted[partner.slug]
        if current is None:
            _record(AuditAction.STAFF_ADD, PartnerStaff.objects.create(partner=partner, user=user, role=role), by)
        elif current.role != role:
            before, current.role = current.role_label, role
            current.save(update_fields=["role"])
            _record(AuditAction.STAFF_ADD, current, by, before=before)


def assign_customer(*, staff: PartnerStaff, tenant: Tenant) -> None:
    """Let an agent see a customer of their firm.

    Raises:
        ValueError: the tenant is not a customer of the agent's partner.
    """
    if tenant.partner_id != staff.partner_id:
        raise ValueError("not a customer of this partner")
    staff.customers.add(tenant)


def _record(action: AuditAction, staff: PartnerStaff, by: Actor, *, before: str = "") -> None:
    is_removal = action == AuditAction.STAFF_REMOVE
    change = Change("role", staff.role_label if is_removal else before, "" if is_removal else staff.role_label)
    thing = Thing(type="partner_staff", id=str(staff.pk), label=f"{staff.user.label}, {staff.partner.name}")
    audit.record(tenant=None, action=action, by=by, thing=thing, changes=(change,))
