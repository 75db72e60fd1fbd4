"""The log is a chain: nothing in it can be changed, left out or moved without being seen (L1)."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tenants import audit
from tenants.audit import SYSTEM, Change, Thing
from tenants.enums import ActorType, AuditAction, Outcome
from tenants.models import AuditEvent, AuditHead, Tenant
from tenants.scope import operator_scope, tenant_scope
from tests.factories import TenantFactory, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> list[AuditEvent]:
    """Return five events of one workspace, with another workspace's and the platform's between them."""
    tenant, other = TenantFactory(), TenantFactory()
    for number in range(5):
        make_event(tenant, f"event {number}: Żółć")
        make_event(other)
        make_event(None)
    return _read(tenant)


def _read(tenant: Tenant | None) -> list[AuditEvent]:
    with operator_scope():
        return list(AuditEvent.objects.filter(tenant=tenant).select_related("tenant").order_by("sequence"))


def _verifies(events: list[AuditEvent]) -> bool:
    """Return whether a log from its beginning is whole."""
    first = not events or (events[0].sequence, events[0].previous_hash) == (1, "")
    links = all(b.previous_hash == a.hash and b.sequence == a.sequence + 1 for a, b in pairwise(events))
    return first and links and all(audit.hash_of(event) == event.hash for event in events)


def test_a_log_verifies_as_it_is_read_back(chain: list[AuditEvent]) -> None:
    assert [event.sequence for event in chain] == [1, 2, 3, 4, 5]
    assert _verifies(chain)
    assert len({event.hash for event in chain}) == 5


def test_each_tenant_has_a_chain_of_its_own_and_so_has_the_platform(chain: list[AuditEvent]) -> None:
    with operator_scope():
        tenants = list(Tenant.objects.all())
    assert [len(_read(tenant)) for tenant in (*tenants, None)] == [5, 5, 5]
    assert [_verifies(_read(tenant)) for tenant in (*tenants, None)] == [True, True, True]


@pytest.mark.parametrize("field", [f.attname for f in AuditEvent._meta.concrete_fields if f.attname != "hash"])
def test_a_changed_field_breaks_it(chain: list[AuditEvent], field: str) -> None:
    """Whichever field it is."""
    tampered = copy.copy(chain[2])
    value: Any = getattr(tampered, field)
    setattr(
        tampered,
        field,
        [*value, {}] if isinstance(value, list) else value.replace(year=1999) if field == "at" else f"{value}x",
    )
    assert not _verifies([*chain[:2], tampered, *chain[3:]])


def test_an_event_left_out_or_moved_breaks_it(chain: list[AuditEvent]) -> None:
    assert not _verifies([*chain[:2], *chain[3:]])
    assert not _verifies([*chain[1:]])
    assert not _verifies([chain[0], chain[2], chain[1], *chain[3:]])


def test_a_change_with_its_hash_made_anew_breaks_the_next_link(chain: list[AuditEvent]) -> None:
    tampered = copy.copy(chain[2])
    tampered.reason = "nothing happened"
    tampered.hash = audit.hash_of(tampered)
    assert not _verifies([*chain[:2], tampered, *chain[3:]])


def test_the_head_stands_at_the_end_of_the_chain(chain: list[AuditEvent]) -> None:
    tenant = chain[0].tenant
    assert tenant is not None
    with tenant_scope(tenant):
        head = AuditHead.objects.get(tenant=tenant)
    assert (head.sequence, head.hash) == (5, chain[-1].hash)


def test_a_sequence_can_stand_only_once_in_a_log(chain: list[AuditEvent]) -> None:
    """Two writers that both thought themselves next could not both write."""
    for taken in (chain[-1], _read(None)[-1]):
        twin = copy.copy(taken)
        twin.pk = AuditEvent().pk
        with operator_scope(), pytest.raises(IntegrityError, match="tenants_audit_sequence"), transaction.atomic():
            twin.save(force_insert=True)


def test_an_event_rolled_back_leaves_no_gap(chain: list[AuditEvent]) -> None:
    tenant = chain[0].tenant
    assert tenant is not None
    with transaction.atomic():
        make_event(tenant, "never")
        transaction.set_rollback(True)
    make_event(tenant, "after")
    events = _read(tenant)
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5, 6]
    assert _verifies(events)


def test_an_event_says_who_did_what_to_which_thing_with_what_outcome() -> None:
    """16.2.1."""
    tenant = TenantFactory()
    by = audit.Actor(
        type=ActorType.SYSTEM, name="System", ip="192.0.2.7", request_id="req_1", firm="F", on_behalf_of="T"
    )
    with tenant_scope(tenant):
        audit.record(
            tenant=tenant,
            action=AuditAction.PERSON_ROLE,
            by=by,
            thing=Thing(type="membership", id="7", label="x" * 300),
            changes=(Change("role", "Member", "Admin"),),
            outcome=Outcome.DENIED,
            reason="because",
        )
    (event,) = _read(tenant)
    assert (event.ip, event.request_id, event.firm, event.on_behalf_of) == ("192.0.2.7", "req_1", "F", "T")
    assert (event.object_type, event.object_id, event.object_label) == ("membership", "7", "x" * 255)
    assert (event.outcome, event.reason) == (Outcome.DENIED, "because")
    assert event.changes == [{"field": "role", "before": "Member", "after": "Admin"}]
    assert _verifies([event])


def test_a_foreign_log_can_be_neither_read_nor_written(chain: list[AuditEvent]) -> None:
    """Z4."""
    mine = TenantFactory()
    foreign = chain[0].tenant
    with tenant_scope(mine), pytest.raises(Exception, match="row-level security"), transaction.atomic():
        audit.record(tenant=foreign, action=AuditAction.PERSON_ADD, by=SYSTEM)
    assert _read(foreign) == chain
