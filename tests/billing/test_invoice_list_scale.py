"""Must show: thirty thousand invoices are listed with the queries, and nearly in the time, of three."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import selectors
from devstack.bench_site.invoices import FEW, MANY, cursor_after, fill, reader, time_in_turns
from tenants.enums import MembershipRole
from tenants.models import Membership, Tenant
from tenants.scope import tenant_scope
from tests.factories import MembershipFactory
from tests.fixtures.people import SignIn

pytestmark = [pytest.mark.proof, pytest.mark.django_db, pytest.mark.timeout(300)]

MOST = 1.3
# The places in the list of thirty thousand: its first page, one in the middle, and the last.
_PLACES = {"first": 0, "middle": MANY // 2, "last": MANY - FEW}
_PAGE_SIZE = 25


@dataclass(frozen=True)
class Owners:
    """Who looks: the owner of three invoices, of one full page, and of thirty thousand."""

    few: Membership
    page: Membership
    many: Membership


@pytest.fixture(scope="module")
def _may_analyze(django_db_setup: None) -> Iterator[None]:
    """Let the tests' role do what autovacuum does a minute after so many rows were committed."""
    name = str(connection.settings_dict["NAME"])
    url = urlsplit(os.environ["TEST_DATABASE_SUPERUSER_URL"])._replace(path=f"/{name}").geturl()
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute("GRANT MAINTAIN ON billing_invoice TO dezky_app")
        yield
        superuser.execute("REVOKE MAINTAIN ON billing_invoice FROM dezky_app")


@pytest.fixture
def owners(_may_analyze: None) -> Owners:
    found = []
    for count in (FEW, _PAGE_SIZE, MANY):
        owner = MembershipFactory(role=MembershipRole.OWNER)
        fill(owner.tenant, count)
        found.append(owner)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE billing_invoice")
    return Owners(*found)


def _queries(read: Callable[[], object]) -> int:
    read()
    with CaptureQueriesContext(connection) as captured:
        read()
    return len(captured)


def test_the_selector_costs_the_same_wherever_in_the_list(owners: Owners) -> None:
    """A page behind a cursor is compared with one behind a cursor."""
    few, many = owners.few.tenant, owners.many.tenant
    small = [reader(few), reader(few, cursor_after(few, 1))]
    large = [reader(many, cursor_after(many, count)) for count in _PLACES.values()]

    assert {_queries(read) for read in (*small, *large)} == {_queries(small[0])}
    first_of_few, next_of_few, first, middle, last = time_in_turns([*small, *large])
    ratios = {"first": first / first_of_few, "middle": middle / next_of_few, "last": last / next_of_few}
    print(f"invoices: the selector, {first_of_few:.2f} ms with three: {ratios}")  # noqa: T201 - for `bin/dezky prove`
    assert max(ratios.values()) <= MOST


@pytest.mark.parametrize("path", ["/admin/{slug}/invoices/", "/api/v1/tenants/{slug}/invoices"])
def test_page_and_api_cost_the_same_wherever_in_the_list(owners: Owners, sign_in: SignIn, path: str) -> None:
    """Three invoices are less to draw than a full page, so a page is compared with a workspace that has just one."""
    reads = {
        "three": _get(sign_in, owners.few, path),
        "one page": _get(sign_in, owners.page, path),
        **{name: _get(sign_in, owners.many, path, count) for name, count in _PLACES.items() if name != "last"},
    }

    assert len({_queries(read) for read in reads.values()}) == 1
    times = dict(zip(reads, time_in_turns(list(reads.values()), runs=40), strict=True))
    ratios = {name: round(times[name] / times["one page"], 2) for name in ("first", "middle")}
    whole = {name: round(times[name] / times["three"], 2) for name in ("one page", "first", "middle")}
    print(f"invoices: {path}, against one page: {ratios}; against three: {whole}")  # noqa: T201
    assert max(ratios.values()) <= MOST


def test_the_bound_sees_a_list_that_is_counted(owners: Owners) -> None:
    """So the tests above can fail."""

    def counting(tenant: Tenant) -> Callable[[], object]:
        read = reader(tenant)

        def both() -> object:
            with tenant_scope(tenant):
                selectors.invoices(tenant=tenant).count()
            return read()

        return both

    few, many = time_in_turns([counting(owners.few.tenant), counting(owners.many.tenant)], runs=20)
    assert many / few > MOST


def _get(sign_in: SignIn, owner: Membership, path: str, count: int = 0) -> Callable[[], object]:
    browser = sign_in(owner.user)
    cursor = cursor_after(owner.tenant, count)
    target = path.format(slug=owner.tenant.slug) + (f"?{urlencode({'cursor': cursor})}" if cursor else "")

    def get() -> object:
        answer = browser.get(target)
        assert answer.status_code == 200
        return answer

    return get
