"""Paging by key: every row once, in order, both ways, whatever the data."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import Model, QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.audit import SYSTEM
from tenants.enums import ActorType
from tenants.keyset import BadCursor, Keyset
from tenants.models import AuditEvent, Tenant
from tenants.scope import operator_scope
from tests.factories import TenantFactory

pytestmark = pytest.mark.django_db
NAME = Keyset(field="name", kind="text")
NEWEST = Keyset(field="at", kind="time", is_descending=True)

_IN_ROLLBACK = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
# Few letters, so that there are ties; cases, accents, both forms of one, digits and signs, so that the
# database's collation has its say.
_NAMES = st.lists(
    st.one_of(
        st.sampled_from(["a", "A", "ä", "a\u0308", "ß", "ss", "Ż", "10", "9", "-", " ", "'", "%", "_", "日本", "🙂"]),
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8),
    ),
    max_size=12,
)
_TIMES = st.lists(
    st.one_of(
        st.sampled_from([datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]),
        st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants them naive
    ),
    max_size=12,
)
_SIZES = st.integers(1, 5)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Take back what was written inside, within the caller's transaction."""
    yield
    transaction.set_rollback(True)


def _cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _walk(order: Keyset, rows: QuerySet[Any], size: int) -> list[list[Model]]:
    """Return all pages on the way forward; fail if the way back shows others."""
    page = order.page(rows, cursor=None, size=size)
    assert page.previous_cursor is None
    forward, pages = [list(page.items)], [page]
    while page.next_cursor:
        page = order.page(rows, cursor=page.next_cursor, size=size)
        forward.append(list(page.items))
        pages.append(page)
        assert len(forward) < 50
    back = [list(page.items)]
    while page.previous_cursor:
        page = order.page(rows, cursor=page.previous_cursor, size=size)
        back.insert(0, list(page.items))
        assert len(back) < 50
    assert back == forward
    return forward


@_IN_ROLLBACK
@given(names=_NAMES, size=_SIZES)
def test_walking_by_name_gives_every_row_once_in_order_both_ways(names: list[str], size: int) -> None:
    with transaction.atomic(), rolled_back(), operator_scope():
        Tenant.objects.bulk_create([Tenant(slug=f"t{n}", name=name) for n, name in enumerate(names)])
        due = list(Tenant.objects.order_by("name", "id"))
        pages = _walk(NAME, Tenant.objects.all(), size)
    assert [row for page in pages for row in page] == due
    assert all(len(page) == size for page in pages[:-1])


@_IN_ROLLBACK
@given(times=_TIMES, size=_SIZES)
def test_walking_by_time_gives_every_row_once_newest_first_both_ways(times: list[datetime], size: int) -> None:
    with transaction.atomic(), rolled_back(), operator_scope():
        made = [
            AuditEvent(sequence=n, at=at, action="x", actor_type=ActorType.SYSTEM, actor_name=SYSTEM.name)
            for n, at in enumerate(times)
        ]
        AuditEvent.objects.bulk_create(made)
        due = list(AuditEvent.objects.order_by("-at", "-id"))
        pages = _walk(NEWEST, AuditEvent.objects.all(), size)
    assert [row for page in pages for row in page] == due


def test_a_page_costs_one_query(django_assert_num_queries: Any) -> None:
    for number in range(5):
        TenantFactory(name=f"T {number}")
    with operator_scope():
        cursor = NAME.page(Tenant.objects.all(), cursor=None, size=2).next_cursor
        for given_cursor in (None, cursor):
            with django_assert_num_queries(1):
                NAME.page(Tenant.objects.all(), cursor=given_cursor, size=2)


def test_a_row_that_goes_or_comes_moves_no_other_between_pages() -> None:
    """Unlike an offset."""
    rows = [TenantFactory(name=name) for name in "bcdefg"]
    with operator_scope():
        first = NAME.page(Tenant.objects.all(), cursor=None, size=3)
        assert list(first.items) == rows[:3]
    TenantFactory(name="a")
    with operator_scope():
        Tenant.objects.filter(name="c").delete()
        second = NAME.page(Tenant.objects.all(), cursor=first.next_cursor, size=3)
    assert list(second.items) == rows[3:]


_ID = str(UUID(int=7))
_BAD: dict[str, str] = {
    "no base64": "!!!",
    "one letter": "a",
    "not JSON": base64.urlsafe_b64encode(b"nope").decode(),
    "not UTF-8": base64.urlsafe_b64encode(b'["n","\xff","x"]').decode(),
    "a number": _cursor(),
    "no list": base64.urlsafe_b64encode(b"7").decode(),
    "an object": base64.urlsafe_b64encode(b'{"n":1,"a":2,"b":3}').decode(),
    "too few": _cursor("n", "a"),
    "too many": _cursor("n", "a", _ID, _ID),
    "another way": _cursor("x", "a", _ID),
    "no id": _cursor("n", "a", "7"),
    "an id of another kind": _cursor("n", "a", 7),
    "a zero byte": _cursor("n", "a\x00", _ID),
    "half a character": _cursor("n", "\ud800", _ID),
    "a deep nest": base64.urlsafe_b64encode(b"[" * 3000).decode(),
    "too long": _cursor("n", "a" * 4096, _ID),
    "not ASCII": "ä" * 8,
}
_BAD_TIMES: dict[str, str] = {
    "no time": _cursor("n", "today", _ID),
    "no zone": _cursor("n", "2026-01-01T00:00:00", _ID),
    "a number": _cursor("n", 7, _ID),
    "nothing": _cursor("n", None, _ID),
}
# Nobody makes these, but they are a time and a place, and the database must not choke on them.
_ODD_TIMES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2026-01-01T00:00:00+00:00:30"]


@pytest.mark.parametrize("cursor", _BAD.values(), ids=_BAD)
def test_a_cursor_that_is_not_ours_is_told_so(cursor: str) -> None:
    for order, rows in ((NAME, Tenant.objects.all()), (NEWEST, AuditEvent.objects.all())):
        with operator_scope(), pytest.raises(BadCursor):
            order.page(rows, cursor=cursor, size=3)


@pytest.mark.parametrize("cursor", _BAD_TIMES.values(), ids=_BAD_TIMES)
def test_a_cursor_without_a_time_is_told_so(cursor: str) -> None:
    with operator_scope(), pytest.raises(BadCursor):
        NEWEST.page(AuditEvent.objects.all(), cursor=cursor, size=3)


@pytest.mark.parametrize("time", _ODD_TIMES)
def test_a_time_from_the_end_of_the_world_is_a_place_like_another(time: str) -> None:
    with operator_scope():
        assert list(NEWEST.page(AuditEvent.objects.all(), cursor=_cursor("n", time, _ID), size=3).items) == []


@_IN_ROLLBACK
@given(st.one_of(st.text(max_size=80), st.binary(max_size=80).map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_whatever_is_sent_as_a_cursor_gives_a_page_or_is_told(cursor: str) -> None:
    with operator_scope(), suppress(BadCursor):
        assert list(NAME.page(Tenant.objects.all(), cursor=cursor, size=1).items) == []


def test_a_cursor_of_another_list_reaches_no_foreign_row() -> None:
    """Z4: a cursor says where to begin, never what may be seen."""
    own, foreign = TenantFactory(name="a"), TenantFactory(name="b")
    with operator_scope():
        rows = Tenant.objects.filter(pk=own.pk)
        found = NAME.page(rows, cursor=_cursor("p", foreign.name, str(foreign.pk)), size=3)
    assert list(found.items) == [own]
