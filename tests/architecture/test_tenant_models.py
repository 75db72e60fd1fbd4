"""Whatever belongs to a tenant is guarded by the database and read through `for_tenant` (Z5)."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from tenants.checks import tenant_tables
from tenants.models import AuditHead
from tenants.querysets import TenantOwnedQuerySet

ACTIONS = ["DELETE", "INSERT", "SELECT", "UPDATE"]
# Tenant-owned models without `for_tenant`, with the reason.
WITHOUT_FOR_TENANT = {AuditHead: "only tenants.audit reads it, by its tenant and under its lock"}


def _owned() -> list[type[models.Model]]:
    return [m for m in apps.get_models() if any(f.name == "tenant" for f in m._meta.get_fields() if f.concrete)]


def _name(value: Any) -> str:
    return value._meta.label if isinstance(value, type) and issubclass(value, models.Model) else str(value)


@pytest.mark.parametrize("model", _owned(), ids=_name)
def test_a_tenants_model_is_among_the_guarded_tables(model: type[models.Model]) -> None:
    """Z5: so the system check looks at it too."""
    assert model._meta.db_table in tenant_tables()


@pytest.mark.django_db
@pytest.mark.parametrize("table", tenant_tables())
def test_row_level_security_is_forced_with_a_policy_for_each_action(table: str) -> None:
    """Z5."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s", [table])
        assert cursor.fetchall() == [(True, True)]
        cursor.execute("SELECT cmd, permissive FROM pg_policies WHERE tablename = %s ORDER BY cmd", [table])
        assert cursor.fetchall() == [(action, "PERMISSIVE") for action in ACTIONS]
        cursor.execute("SELECT coalesce(qual, with_check) FROM pg_policies WHERE tablename = %s", [table])
        assert ["dezky_admits" in condition for (condition,) in cursor.fetchall()] == [True] * len(ACTIONS)


@pytest.mark.django_db
def test_the_tests_speak_as_the_application_does() -> None:
    """Z5: a role that owns nothing and can't go round the policies; else no test of isolation means anything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchall() == [("dezky_app", False, False)]
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchall() == [(0,)]


@pytest.mark.parametrize("model", _owned(), ids=_name)
def test_a_tenants_model_is_read_through_for_tenant(model: type[models.Model]) -> None:
    """Z4."""
    queryset = model._default_manager.all()
    assert isinstance(queryset, TenantOwnedQuerySet) == (model not in WITHOUT_FOR_TENANT)
    assert {other for other in WITHOUT_FOR_TENANT if other not in _owned()} == set()
