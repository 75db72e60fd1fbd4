"""Two walls round every read: `for_tenant`, and row-level security. Each one holds alone (Z4, Z5)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any

import pytest
from django.db.models import Model

from tenants import selectors
from tenants.enums import MembershipRole
from tenants.keyset import Page
from tenants.models import Tenant
from tenants.querysets import TenantOwnedQuerySet
from tenants.scope import operator_scope, tenant_scope
from tenants.selectors import AuditFilter
from tests.factories import MembershipFactory, TenantFactory, UserFactory, make_event

pytestmark = pytest.mark.django_db

SELECTORS = {
    name: function
    for name, function in inspect.getmembers(selectors, inspect.isfunction)
    if function.__module__ == selectors.__name__ and "tenant" in inspect.signature(function).parameters
}


@pytest.fixture
def tenants() -> tuple[Tenant, Tenant]:
    """Return two workspaces with the same rows each: an owner, a member, an event."""
    made = []
    for _ in range(2):
        tenant = TenantFactory()
        MembershipFactory(tenant=tenant, role=MembershipRole.OWNER)
        MembershipFactory(tenant=tenant)
        make_event(tenant)
        made.append(tenant)
    return made[0], made[1]


def _facts(found: Any) -> Any:
    """Return what a selector found, so that it can be compared."""
    if isinstance(found, Model):
        return found.pk
    if isinstance(found, Page):
        return [_facts(item) for item in found.items]
    if is_dataclass(found) and not isinstance(found, type):
        return asdict(found)
    if isinstance(found, list | TenantOwnedQuerySet):
        return sorted((_facts(item) for item in found), key=str)
    return found


def _call(function: Callable[..., Any], own: Tenant, foreign: Tenant) -> Any:
    """Call a selector for `own`; where it wants the id of a row, it is given a foreign one."""
    given: dict[str, Any] = {"tenant": own}
    if "membership_id" in inspect.signature(function).parameters:
        with tenant_scope(foreign):
            given["membership_id"] = selectors.people(tenant=foreign).order_by("pk")[0].pk
    return _facts(function(**given))


@pytest.mark.parametrize("name", SELECTORS)
def test_each_wall_holds_alone(name: str, tenants: tuple[Tenant, Tenant], monkeypatch: pytest.MonkeyPatch) -> None:
    """Z4: with `for_tenant` out no foreign row appears, nor with the policies out; with both out it does."""
    own, foreign = tenants
    with tenant_scope(own):
        both = _call(SELECTORS[name], own, foreign)
    with operator_scope():
        assert _call(SELECTORS[name], own, foreign) == both
    monkeypatch.setattr(TenantOwnedQuerySet, "for_tenant", lambda rows, _tenant: rows)
    with tenant_scope(own):
        assert _call(SELECTORS[name], own, foreign) == both
    with operator_scope():
        assert _call(SELECTORS[name], own, foreign) != both


def test_no_selector_is_left_out() -> None:
    assert set(SELECTORS) == {
        "people",
        "people_page",
        "person",
        "role_counts",
        "has_one_owner",
        "audit_events",
        "audit_page",
        "recent_events",
    }


def test_people_are_found_by_name_address_and_role() -> None:
    tenant = TenantFactory()
    ada = MembershipFactory(tenant=tenant, user=UserFactory(name="Ada Łoś", email="ada@one.test"))
    bob = MembershipFactory(tenant=tenant, user=UserFactory(name="Bob", email="b@two.test"), role="admin")
    wanted: list[tuple[dict[str, Any], list[Any]]] = [
        ({}, [ada, bob]),
        ({"text": "ŁOŚ"}, [ada]),
        ({"text": "two.test"}, [bob]),
        ({"role": "admin"}, [bob]),
        ({"text": "ada", "role": "admin"}, []),
        ({"text": "%"}, []),
    ]
    with tenant_scope(tenant):
        found = [list(selectors.people_page(tenant=tenant, **given).items) for given, _ in wanted]
    assert found == [rows for _, rows in wanted]


def test_events_are_found_by_text_action_actor_and_age(time_machine: Any) -> None:
    tenant = TenantFactory()
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)
    old = make_event(tenant, "old thing")
    time_machine.move_to("2026-03-09T12:00:00Z", tick=False)
    new = make_event(tenant, "new thing")
    wanted = [
        (AuditFilter(), [new, old]),
        (AuditFilter(text="OLD"), [old]),
        (AuditFilter(days=7), [new]),
        (AuditFilter(days=30), [new, old]),
        (AuditFilter(action="people:member:add"), [new, old]),
        (AuditFilter(action="people:member:remove"), []),
        (AuditFilter(actor="syst"), [new, old]),
        (AuditFilter(actor="nobody"), []),
    ]
    with tenant_scope(tenant):
        found = [list(selectors.audit_page(tenant=tenant, wanted=given).items) for given, _ in wanted]
    assert found == [rows for _, rows in wanted]


def test_platform_events_are_for_the_operators_scope_alone() -> None:
    tenant = TenantFactory()
    make_event(tenant)
    platform = make_event(None)
    with operator_scope():
        assert selectors.platform_events() == [platform]
    with tenant_scope(tenant):
        assert selectors.platform_events() == []


def test_role_counts_name_every_role_owners_first() -> None:
    tenant = TenantFactory()
    for role in ("member", "owner", "member"):
        MembershipFactory(tenant=tenant, role=role)
    with tenant_scope(tenant):
        counted = selectors.role_counts(tenant=tenant)
    assert [(c.role, c.count) for c in counted] == [("owner", 1), ("admin", 0), ("member", 2)]
