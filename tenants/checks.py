"""System checks of the database: row-level security is on, and the application's role can't go round it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

_QUERY = """
SELECT c.relname FROM pg_class c
WHERE c.relname = ANY(%s) AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
"""
_ROLE = """
SELECT r.rolsuper OR r.rolbypassrls OR EXISTS (
  SELECT 1 FROM pg_class c WHERE c.relname = ANY(%s) AND pg_has_role(r.oid, c.relowner, 'MEMBER')
) FROM pg_roles r WHERE r.rolname = current_user
"""


def tenant_tables() -> list[str]:
    """Return the tables whose rows belong to a tenant, and the table of tenants."""
    models = [
        model
        for model in apps.get_models()
        if model._meta.app_label in {"tenants", "billing", "branding", "partner"}
        and (
            model._meta.label == "tenants.Tenant"
            or any(f.name == "tenant" for f in model._meta.get_fields() if f.concrete)
        )
    ]
    return sorted(model._meta.db_table for model in models)


@register(Tags.database)
def row_level_security_holds(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Report tables without forced row-level security, and a role that could ignore it (Z5)."""
    if not databases or "default" not in databases:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(_QUERY, [tenant_tables()])
        errors: list[CheckMessage] = [
            Error(f"{name} has no forced row-level security", id="tenants.E001") for (name,) in cursor.fetchall()
        ]
        cursor.execute(_ROLE, [tenant_tables()])
        row = cursor.fetchone()
    if row is None or row[0]:
        errors.append(Error("DATABASE_URL's role can go round row-level security", id="tenants.E002"))
    return errors
