"""The world of the matrix: workspaces in every state, people in every role, and the tokens they carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

from accounts.clients import get_client
from accounts.enums import OrderSubject
from accounts.models import OIDCSession, SignOutOrder, User
from partner.enums import StaffRole
from partner.models import Partner
from partner.services import assign_customer
from tenants.enums import MembershipRole, TenantStatus
from tenants.models import Tenant
from tenants.scope import operator_scope
from tests.authorization.personas import Persona, Token
from tests.factories import (
    DelegatedAccessFactory,
    MembershipFactory,
    OIDCSessionFactory,
    PartnerFactory,
    PartnerStaffFactory,
    TenantFactory,
    UserFactory,
    make_account,
    make_event,
    make_invoice,
    make_quote,
    make_webhook,
)

KID = "test-key"
_ALL = ["people:read", "people:write", "audit:read", "billing:read", "billing:write"]


@dataclass(frozen=True)
class World:
    """What was made: people by name, tenants by slug, and in each tenant one person to act upon.

    `invoices` and `quotes` are one of each tenant. `objects` are the rest, by the word that stands for their id in
    a row.
    """

    people: dict[str, User]
    tenants: dict[str, Tenant]
    targets: dict[str, UUID]
    invoices: dict[str, UUID]
    quotes: dict[str, UUID]
    objects: dict[str, UUID]


def canary(slug: str) -> str:
    """Return the word that every name of a workspace's own data holds, and nothing else does."""
    return f"canary-{slug}-"


def make_world() -> World:
    """Make all of it, in the transaction that the caller has open."""
    northwind, contoso = PartnerFactory(slug="northwind"), PartnerFactory(slug="contoso")
    tenants = {
        "acme": _tenant("acme", northwind),
        "thin": _tenant("thin", northwind),
        "umbrella": _tenant("umbrella", northwind),
        "hooli": _tenant("hooli", northwind),
        "initech": _tenant("initech", northwind, status=TenantStatus.SUSPENDED),
        "globex": _tenant("globex", None),
    }
    people = _people(tenants, northwind, contoso)
    _delegate(tenants, northwind)
    targets = {}
    for slug, tenant in tenants.items():
        user = UserFactory(name=f"{canary(slug)}person", email=f"{canary(slug)}person@example.test")
        targets[slug] = MembershipFactory(tenant=tenant, user=user).pk
        make_event(tenant, f"{canary(slug)}event")
    make_webhook("evt_matrix", tenant_slug="acme")
    return World(
        people=people,
        tenants=tenants,
        targets=targets,
        invoices={slug: make_invoice(tenant, number=f"{canary(slug)}1").pk for slug, tenant in tenants.items()},
        quotes={slug: make_quote(tenant).pk for slug, tenant in tenants.items()},
        objects=_objects(people),
    )


def _objects(people: dict[str, User]) -> dict[str, UUID]:
    """Make what rows name by a word: somebody's session elsewhere, a person, an order about them."""
    stray = people["nobody"]
    order = SignOutOrder.objects.create(
        subject=OrderSubject.PERSON,
        subject_id=stray.pk,
        subject_label=stray.label,
        reason="a lost laptop",
        ordered_by_label="Somebody",
        ordered_at=timezone.now(),
        cut_at=timezone.now(),
        people=[stray.pk],
    )
    elsewhere = OIDCSessionFactory(user=people["owner"])
    return {"@owners-session": elsewhere.pk, "@person": stray.pk, "@order": order.pk}


def _tenant(slug: str, partner: Partner | None, status: TenantStatus = TenantStatus.ACTIVE) -> Tenant:
    made: Tenant = TenantFactory(slug=slug, name=f"{canary(slug)}works", partner=partner, status=status, seats_used=9)
    make_account(made, company=f"{canary(slug)}company")
    return made


def _people(tenants: dict[str, Tenant], northwind: Partner, contoso: Partner) -> dict[str, User]:
    people: dict[str, User] = {
        "member": UserFactory(),
        "admin": UserFactory(),
        "owner": UserFactory(),
        "admin_b": UserFactory(),
        "delegate": UserFactory(),
        "assigned": UserFactory(),
        "agent": UserFactory(),
        "consultant": UserFactory(),
        "rival": UserFactory(),
        "operator": UserFactory(is_platform_admin=True),
        "support": UserFactory(is_staff=True),
        "nobody": UserFactory(),
        "everything": UserFactory(is_platform_admin=True, is_staff=True),
        "cut_off": UserFactory(
            is_platform_admin=True, is_staff=True, reauthenticate_after=timezone.now() + timedelta(hours=1)
        ),
        "inactive": UserFactory(is_platform_admin=True, is_staff=True, is_active=False),
    }
    roles = {
        "member": "member",
        "admin": "admin",
        **dict.fromkeys(("owner", "everything", "inactive", "cut_off"), "owner"),
    }
    for name, role in roles.items():
        for slug in ("acme", "initech"):
            MembershipFactory(tenant=tenants[slug], user=people[name], role=MembershipRole(role))
    MembershipFactory(tenant=tenants["acme"], user=people["consultant"])
    MembershipFactory(tenant=tenants["globex"], user=people["admin_b"], role=MembershipRole.ADMIN)
    for name in ("delegate", "consultant", "everything", "inactive", "cut_off"):
        PartnerStaffFactory(partner=northwind, user=people[name])
    PartnerStaffFactory(partner=contoso, user=people["rival"])
    customers = {"assigned": ("acme", "thin", "initech"), "agent": ("umbrella",)}
    for name, slugs in customers.items():
        staff = PartnerStaffFactory(partner=northwind, user=people[name], role=StaffRole.AGENT)
        with operator_scope():
            for slug in slugs:
                assign_customer(staff=staff, tenant=tenants[slug])
    return people


def _delegate(tenants: dict[str, Tenant], northwind: Partner) -> None:
    for slug in ("acme", "initech"):
        DelegatedAccessFactory(tenant=tenants[slug], partner=northwind, permissions=_ALL)
    DelegatedAccessFactory(tenant=tenants["thin"], partner=northwind, permissions=["people:read"])
    now = timezone.now()
    past = {"starts_at": now - timedelta(days=9), "ends_at": now - timedelta(minutes=1)}
    taken_back = {"starts_at": now - timedelta(days=9), "ended_at": now - timedelta(minutes=1)}
    coming = {"starts_at": now + timedelta(hours=12)}
    for times in (past, taken_back, coming):
        DelegatedAccessFactory(tenant=tenants["hooli"], partner=northwind, permissions=_ALL, **times)


def sessions_of(persona: Persona, world: World) -> dict[str, OIDCSession]:
    """Make a persona's sessions, by the client in whose cookie they travel."""
    now = timezone.now()
    made: dict[str, OIDCSession] = {}
    for client in persona.sessions:
        ages = persona.ages.get(client, {})
        values: dict[str, Any] = {name: now - age for name, age in ages.items()}
        if "confirmed_at" in values:
            values["access_expires_at"] = now - timedelta(seconds=1)
        if persona.is_ended:
            values["ended_at"] = now
        session = OIDCSessionFactory(user=world.people[persona.person], client=client, **values)
        made[persona.cookie_of.get(client, client)] = session
    return made


class Signer:
    """Signs tokens as the identity provider would, and as somebody else would."""

    def __init__(self) -> None:
        self._real = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._forged = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def keys(self, *_args: Any, **_kwargs: Any) -> dict[str, Any]:
        """Return the provider's key set, in the place of `authentik.signing_keys`."""
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self._real.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": KID, "use": "sig", "alg": "RS256"}]}

    def token(self, wanted: Token, *, sub: str) -> str:
        """Return a signed token."""
        client = get_client(wanted.client)
        now = timezone.now()
        claims: dict[str, Any] = {
            "iss": client.issuer,
            "aud": client.client_id,
            "azp": client.client_id,
            "sub": sub,
            "iat": now - timedelta(minutes=10),
            "exp": now + timedelta(minutes=-2 if wanted.is_expired else 60),
            "auth_time": int((now - timedelta(minutes=1 if wanted.is_fresh else 10)).timestamp()),
            "amr": ["pwd", "mfa"],
        }
        claims |= {"scope": wanted.scope} if wanted.scope is not None else {"nonce": "n", "at_hash": "h"}
        key = self._forged if wanted.is_forged else self._real
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KID})
