"""The demo's data, made by the product's own services. Run again, it changes nothing that is there."""

from __future__ import annotations

import os
from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.utils import timezone  # noqa: E402 - Django has to be set up first
from django.utils.text import slugify  # noqa: E402

from accounts.clients import get_client  # noqa: E402
from accounts.models import User  # noqa: E402
from accounts.services import record_identity  # noqa: E402
from devstack import demo_billing  # noqa: E402
from devstack.names import COMPANIES, FIRST_NAMES, LAST_NAMES  # noqa: E402
from devstack.people import PEOPLE  # noqa: E402
from operator_portal.gates.run import check_gates  # noqa: E402
from partner.models import Partner, PartnerStaff  # noqa: E402
from partner.services import assign_customer  # noqa: E402
from tenants.audit import SYSTEM, Actor  # noqa: E402
from tenants.enums import ActorType, MembershipRole, MembershipSource, Permission, Plan, TenantStatus  # noqa: E402
from tenants.models import DelegatedAccess, Tenant  # noqa: E402
from tenants.scope import operator_scope, tenant_scope  # noqa: E402
from tenants.services import people, workspaces  # noqa: E402

ACME_COLLEAGUES = 43
GRANTED = [Permission.PEOPLE_READ, Permission.PEOPLE_WRITE, Permission.AUDIT_READ, Permission.BILLING_READ]
_PLAIN = str.maketrans({"ø": "o", "Ø": "O", "å": "a", "æ": "ae", "Æ": "Ae", "é": "e"})
GRANTED_FOR = timedelta(days=365)


def main() -> None:
    """Make partners, workspaces, people, a year of billing, and acme's grant to northwind."""
    partners = {
        slug: _partner(slug, name) for slug, name in (("northwind", "Northwind IT"), ("contoso", "Contoso Cloud"))
    }
    northwind = partners["northwind"]
    acme = _tenant("acme", "Acme Studio", Plan.BUSINESS, 60, TenantStatus.ACTIVE, northwind)
    _tenant("globex", "Globex Logistics", Plan.STARTER, 10, TenantStatus.ACTIVE, None)
    initech = _tenant("initech", "Initech", Plan.STARTER, 5, TenantStatus.ACTIVE, northwind)
    _tenant("umbrella", "Umbrella Clinics", Plan.BUSINESS, 12, TenantStatus.TRIAL, northwind)
    _others()
    owner = _owner(acme)
    by = Actor(type=ActorType.PERSON, name=owner.label, user_id=owner.pk, email=owner.email)
    demo_billing.live(owner=by, others=_paying())  # before the others come: acme had fewer seats then
    for person in PEOPLE:
        _sign_up(person.sub, person.email, person.name, person.groups)
    _colleagues(acme, owner)
    workspaces.suspend_tenant(tenant=initech, reason="Invoice 60 days overdue", by=_operator())
    _delegate(acme, northwind, owner)
    check_gates()  # so that the page of the gates has something to say before the worker's first look


def _partner(slug: str, name: str) -> Partner:
    return Partner.objects.get_or_create(slug=slug, defaults={"name": name})[0]


def _tenant(slug: str, name: str, plan: Plan, seats: int, status: TenantStatus, partner: Partner | None) -> Tenant:
    with operator_scope():
        found = Tenant.objects.filter(slug=slug).first()
    if found is not None:
        return found
    partner_id = partner.pk if partner else None
    return workspaces.create_tenant(
        slug=slug, name=name, plan=plan, seats=seats, status=status, partner_id=partner_id, by=SYSTEM
    )


def _others() -> None:
    """Make enough workspaces that the operator's list has more than one page."""
    plans = list(Plan)
    for number, name in enumerate(COMPANIES):
        slug = slugify(name.translate(_PLAIN))[:63].strip("-")
        status = TenantStatus.TRIAL if number % 6 == 0 else TenantStatus.ACTIVE
        _tenant(slug, name, plans[number % len(plans)], 5 + 7 * (number % 9), status, None)


def _paying() -> list[str]:
    """Return some of the further workspaces, which subscribe."""
    with operator_scope():
        open_ones = Tenant.objects.filter(status=TenantStatus.ACTIVE, partner=None).exclude(slug="globex")
        return list(open_ones.order_by("slug").values_list("slug", flat=True)[:9])


def _sign_up(sub: str, email: str, name: str, groups: tuple[str, ...]) -> User:
    claims = {"sub": sub, "email": email, "name": name, "groups": list(groups)}
    return record_identity(client=get_client("portal"), claims=claims)


def _owner(acme: Tenant) -> User:
    """Make acme's owner before the directory does: an owner exists only in Dezky."""
    person = next(p for p in PEOPLE if p.email == "owner@acme.test")
    user = _sign_up(person.sub, person.email, person.name, ())
    people.add_member(tenant=acme, user=user, role=MembershipRole.OWNER, source=MembershipSource.INVITED, by=SYSTEM)
    return user


def _operator() -> Actor:
    person = next(p for p in PEOPLE if p.email == "operator@dezky.test")
    user = User.objects.get(sub=person.sub)
    return Actor(type=ActorType.OPERATOR, name=user.label, user_id=user.pk, email=user.email)


def _colleagues(acme: Tenant, owner: User) -> None:
    """Fill acme: people who were invited and have not been here yet, two of them admins."""
    by = Actor(type=ActorType.PERSON, name=owner.label, user_id=owner.pk, email=owner.email)
    for number in range(ACME_COLLEAGUES):
        first, last = FIRST_NAMES[number % len(FIRST_NAMES)], LAST_NAMES[(number * 7) % len(LAST_NAMES)]
        email = f"colleague{number + 1}@acme.test"
        user = _sign_up(str(uuid5(NAMESPACE_URL, email)), email, f"{first} {last}", ())
        role = MembershipRole.ADMIN if number in {4, 21} else MembershipRole.MEMBER
        people.add_member(tenant=acme, user=user, role=role, source=MembershipSource.INVITED, by=by)


def _delegate(acme: Tenant, northwind: Partner, owner: User) -> None:
    agent = PartnerStaff.objects.get(user__email="agent@northwind.test")
    assign_customer(staff=agent, tenant=acme)
    with tenant_scope(acme):
        if DelegatedAccess.objects.for_tenant(acme).for_partner(northwind.pk).active().exists():
            return
    workspaces.grant_access(
        tenant=acme,
        partner_id=northwind.pk,
        permissions=GRANTED,
        ends_at=timezone.now() + GRANTED_FOR,
        granted_by=owner,
        by=Actor(type=ActorType.PERSON, name=owner.label, user_id=owner.pk, email=owner.email),
    )


if __name__ == "__main__":
    main()
