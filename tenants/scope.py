"""The four scopes through which rows of tenants can be seen at all.

Row-level security admits nothing by itself. A scope opens a transaction and says, for its length,
whose rows the connection may touch; a read that forgot `for_tenant` still finds no foreign row.
See docs/adr/0001-row-level-security.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection, transaction

if TYPE_CHECKING:
    from accounts.models import User
    from tenants.models import Tenant

_KIND, _ID = "dezky.scope_kind", "dezky.scope_id"


@contextmanager
def tenant_scope(tenant: Tenant) -> Iterator[None]:
    """Open a transaction that sees the rows of one tenant."""
    with _scope("tenant", tenant.pk):
        yield


@contextmanager
def person_scope(user: User) -> Iterator[None]:
    """Open a transaction that sees a person's own memberships, and the tenants of those."""
    with _scope("person", user.pk):
        yield


@contextmanager
def partner_scope(partner_id: UUID) -> Iterator[None]:
    """Open a transaction that sees a partner's customers, and what they delegate to it."""
    with _scope("partner", partner_id):
        yield


@contextmanager
def operator_scope() -> Iterator[None]:
    """Open a transaction that sees every tenant: for operators, support, and the system itself."""
    with _scope("operator", None):
        yield


@contextmanager
def _scope(kind: str, scope_id: UUID | None) -> Iterator[None]:
    """Set the scope for one transaction; inside another one, put back the outer scope at the end."""
    with transaction.atomic():
        before = _read()
        _set(kind, str(scope_id or ""))
        yield
        # After an exception the rollback (to the savepoint) restores the setting by itself.
        _set(*before)


def _read() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting(%s, true), ''), coalesce(current_setting(%s, true), '')", [_KIND, _ID]
        )
        kind, scope_id = cursor.fetchone()
    return kind, scope_id


def _set(kind: str, scope_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true), set_config(%s, %s, true)", [_KIND, kind, _ID, scope_id])
