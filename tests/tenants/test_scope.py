"""Row-level security: the four scopes admit what they must, and nothing else (Z5)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, ProgrammingError, connection, transaction

from tenants.checks import row_level_security_holds
from tenants.models import AuditEvent, DelegatedAccess, Membership, Tenant
from tenants.scope import operator_scope, partner_scope, person_scope, tenant_scope
from tests.factories import DelegatedAccessFactory, MembershipFactory, PartnerFactory, TenantFactory, make_event

pytestmark = pytest.mark.django_db
OWNED: list[Any] = [Tenant, Membership, DelegatedAccess, AuditEvent]


@pytest.fixture
def two_tenants() -> tuple[Tenant, Tenant]:
    """Return two tenants with a row of each kind."""
    made = []
    for _ in range(2):
        partner = PartnerFactory()
        tenant = TenantFactory(partner=partner)
        MembershipFactory(tenant=tenant)
        DelegatedAccessFactory(tenant=tenant, partner=partner)
        make_event(tenant)
        made.append(tenant)
    return made[0], made[1]


@pytest.mark.parametrize("model", OWNED)
def test_without_a_scope_there_is_no_row(model: Any, two_tenants: object) -> None:
    assert list(model.objects.all()) == []


@pytest.mark.parametrize("model", [Membership, DelegatedAccess, AuditEvent])
def test_a_tenants_scope_shows_its_own_rows_alone(model: Any, two_tenants: tuple[Tenant, Tenant]) -> None:
    own, _foreign = two_tenants
    with tenant_scope(own):
        assert {row.tenant_id for row in model.objects.all()} == {own.pk}
        assert [tenant.pk for tenant in Tenant.objects.all()] == [own.pk]


def test_a_persons_scope_shows_own_memberships_and_their_tenants(two_tenants: tuple[Tenant, Tenant]) -> None:
    own, foreign = two_tenants
    mine = MembershipFactory(tenant=own)
    MembershipFactory(tenant=foreign)
    with person_scope(mine.user):
        assert [m.pk for m in Membership.objects.all()] == [mine.pk]
        assert [t.pk for t in Tenant.objects.all()] == [own.pk]
        assert list(AuditEvent.objects.all()) == []
        assert list(DelegatedAccess.objects.all()) == []


def test_a_partners_scope_shows_customers_and_grants(two_tenants: tuple[Tenant, Tenant]) -> None:
    own, _foreign = two_tenants
    assert own.partner_id is not None
    with partner_scope(own.partner_id):
        assert [t.pk for t in Tenant.objects.all()] == [own.pk]
        assert [g.tenant_id for g in DelegatedAccess.objects.all()] == [own.pk]
        assert list(Membership.objects.all()) == []
        assert list(AuditEvent.objects.all()) == []


@pytest.mark.parametrize("scope", ["person", "partner"])
def test_person_and_partner_can_change_nothing(scope: str, two_tenants: tuple[Tenant, Tenant]) -> None:
    own, _foreign = two_tenants
    mine = MembershipFactory(tenant=own)
    assert own.partner_id is not None
    with person_scope(mine.user) if scope == "person" else partner_scope(own.partner_id):
        assert Tenant.objects.update(name="taken") == 0
        assert Membership.objects.update(role="owner") == 0
        assert DelegatedAccess.objects.update(permissions=[]) == 0


def test_a_foreign_row_can_be_neither_written_nor_moved(two_tenants: tuple[Tenant, Tenant]) -> None:
    own, foreign = two_tenants
    with tenant_scope(own):
        assert Membership.objects.filter(tenant=foreign).update(role="owner") == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Membership.objects.update(tenant=foreign)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            MembershipFactory._meta.model(tenant=foreign, user=MembershipFactory.build().user).save_base(raw=True)


def test_nested_scopes_give_back_the_outer_one(two_tenants: tuple[Tenant, Tenant]) -> None:
    own, foreign = two_tenants
    with tenant_scope(own):
        with operator_scope():
            assert Tenant.objects.count() == 2
        assert [t.pk for t in Tenant.objects.all()] == [own.pk]
        with pytest.raises(ZeroDivisionError), tenant_scope(foreign):
            raise ZeroDivisionError
        assert [t.pk for t in Tenant.objects.all()] == [own.pk]
    assert list(Tenant.objects.all()) == []


def test_the_audit_log_can_only_grow(two_tenants: tuple[Tenant, Tenant]) -> None:
    """L1."""
    with operator_scope():
        before = AuditEvent.objects.count()
        for statement in ("UPDATE tenants_auditevent SET reason = 'x'", "DELETE FROM tenants_auditevent"):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
        assert AuditEvent.objects.count() == before


def test_the_checks_pass_here_and_see_a_table_without_security(monkeypatch: pytest.MonkeyPatch) -> None:
    assert row_level_security_holds(databases=["default"]) == []
    monkeypatch.setattr("tenants.checks.tenant_tables", lambda: ["accounts_user", "tenants_tenant"])
    assert [error.id for error in row_level_security_holds(databases=["default"])] == ["tenants.E001"]


def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
