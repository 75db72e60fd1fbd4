"""Every amount on every page agrees with Stripe's own books.

A crawl reads the pages of a tenant, a partner and an operator as they are served, and looks for each amount in what
Stripe's objects add up to. Where a row names an invoice or a workspace, the row's own amount is compared.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.e2e import web_server
from tests.e2e.books import Books, amounts_in, last_months, text_of, written
from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor
from tests.e2e.web_server import Mutation

pytestmark = pytest.mark.stack

_NEXT = re.compile(r'href="([^"]*cursor=[^"]*)"[^>]*rel="next"|rel="next"[^>]*href="([^"]*cursor=[^"]*)"')
_TENANT_PAGES = ("", "subscription/", "subscription/change/", "subscription/cancel/", "invoices/", "people/", "audit/")


@pytest.fixture
def books(stack: Stack) -> Books:
    return Books(stack)


def _pages(visitor: Visitor, path: str, origin: str = "") -> Iterator[str]:
    """Yield a list's pages, one after the other."""
    seen: set[str] = set()
    while path not in seen:
        seen.add(path)
        answer = visitor.get(origin + path)
        assert answer.status == 200, (path, answer.status)
        yield answer.text
        found = _NEXT.search(answer.text)
        if not found:
            return
        path = urljoin(path, html.unescape(found[1] or found[2]))


def _rows(page: str) -> list[str]:
    return text_of(page).splitlines()


@pytest.mark.parametrize(("slug", "email"), [("acme", "owner@acme.test"), ("globex", "admin@globex.test")])
def test_a_tenants_pages_show_nothing_that_its_books_do_not(
    stack: Stack, visitor: Visitor, books: Books, slug: str, email: str
) -> None:
    visitor.sign_in(email)
    ledger = books.ledgers[slug]
    explained = ledger.explained() | {
        written(price["currency"], price["unit_amount"])
        for price in books.prices
        if price["currency"] == ledger.currency
    }
    shown: dict[str, list[str]] = {}
    for path in _TENANT_PAGES:
        shown[path] = [each for page in _pages(visitor, f"/admin/{slug}/{path}") for each in amounts_in(text_of(page))]
    strange = {path: sorted(set(amounts) - explained) for path, amounts in shown.items()}
    assert {path: amounts for path, amounts in strange.items() if amounts} == {}
    monthly = written(ledger.currency, ledger.monthly)
    assert monthly in shown[""]
    assert monthly in shown["subscription/"]
    assert _year_shown(visitor.get(f"/admin/{slug}/").text) == {
        month: written(ledger.currency, ledger.paid_by_month.get(month, 0)) for month in last_months()
    }


def _year_shown(page: str) -> dict[str, str]:
    """Return what the table behind the chart says of each month."""
    found = {}
    for row in _rows(page):
        named = re.fullmatch(r"\s*([A-Z][a-z]+ [0-9]{4})\s+(\S+)\s*", row)
        if named:
            found[datetime.strptime(named[1], "%B %Y").replace(tzinfo=UTC).strftime("%Y-%m")] = named[2]
    return found


@pytest.mark.parametrize(("slug", "email"), [("acme", "owner@acme.test"), ("globex", "admin@globex.test")])
def test_each_invoice_stands_with_its_own_amount(
    stack: Stack, visitor: Visitor, books: Books, slug: str, email: str
) -> None:
    visitor.sign_in(email)
    expected = _invoices_of(books, slug)
    assert _invoices_shown(visitor, f"/admin/{slug}/invoices/", expected) == expected
    assert len(expected) >= 7


def test_the_crawl_sees_a_total_without_its_tax(stack: Stack, visitor: Visitor, books: Books) -> None:
    visitor.sign_in("owner@acme.test")
    expected = _invoices_of(books, "acme")
    total, net = "Money(self.currency, self.total_minor)", "Money(self.currency, self.total_minor - self.tax_minor)"
    with web_server.mutant(stack, Mutation("billing.models.invoice", ((total, net),))) as server:
        assert _invoices_shown(visitor, "/admin/acme/invoices/", expected, server.url) != expected


def _invoices_of(books: Books, slug: str) -> dict[str, str]:
    return {
        each["number"]: written(each["currency"], each["total"])
        for each in books.ledgers[slug].invoices
        if each["status"] != "draft"
    }


def _invoices_shown(visitor: Visitor, path: str, numbers: Iterable[str], origin: str = "") -> dict[str, str]:
    """Return the amount that stands in each invoice's row."""
    found: dict[str, str] = {}
    for page in _pages(visitor, path, origin):
        for row in _rows(page):
            named = next((number for number in numbers if number in row), None)
            if named:
                (found[named],) = set(amounts_in(row))
    return found


def test_the_api_says_the_same(stack: Stack, visitor: Visitor, books: Books) -> None:
    visitor.sign_in("owner@acme.test")
    ledger = books.ledgers["acme"]
    subscription = visitor.get("/api/v1/tenants/acme/subscription", Accept="application/json").json
    assert (subscription["monthly_minor"], subscription["currency"]) == (ledger.monthly, "eur")
    listed: dict[str, Any] = {}
    path = "/api/v1/tenants/acme/invoices?limit=5"
    while path:
        page = visitor.get(path, Accept="application/json").json
        listed |= {each["number"]: each for each in page["results"]}
        path = page["next"]
    names = {"total_minor": "total", "amount_due_minor": "amount_due"}
    assert {number: [each[ours] for ours in names] for number, each in listed.items()} == {
        each["number"]: [each[theirs] for theirs in names.values()] for each in ledger.invoices
    }
    taxes = {each["number"]: sum(tax["amount"] for tax in each["total_taxes"]) for each in ledger.invoices}
    assert {number: each["tax_minor"] for number, each in listed.items()} == taxes


def test_a_partner_sees_what_its_customers_cost(stack: Stack, visitor: Visitor, books: Books) -> None:
    visitor.sign_in("admin@northwind.test")
    expected = {slug: written(books.ledgers[slug].currency, books.ledgers[slug].monthly) for slug in ("acme",)}
    (page,) = _pages(visitor, "/partner/")
    rows = [row for row in _rows(page) if "Acme Studio" in row and amounts_in(row)]
    assert {tuple(amounts_in(row)) for row in rows} == {(expected["acme"],)}
    customer = visitor.get("/partner/customers/acme/")
    assert expected["acme"] in amounts_in(text_of(customer.text))


def test_an_operator_sees_what_all_tenants_cost(stack: Stack, visitor: Visitor, books: Books) -> None:
    visitor.sign_in("operator@dezky.test", "operator", next="/operator/")
    rows = [row for page in _pages(visitor, "/operator/tenants/") for row in _rows(page)]
    expected = {
        ledger.customer["name"]: written(ledger.currency, ledger.monthly)
        for ledger in books.ledgers.values()
        if ledger.monthly and ledger.slug not in ("acme", "globex")  # whose invoices carry another name
    }
    found = {}
    for name in expected:
        row = next(row for row in rows if name in row and amounts_in(row))
        (found[name],) = set(amounts_in(row))
    assert found == expected
    overview = set(amounts_in(text_of(visitor.get("/operator/").text)))
    totals = {written(currency, minor) for currency, minor in books.totals().items()}
    assert totals <= overview
    prices = {written(each["currency"], each["unit_amount"]) for each in books.prices}
    plans = set(amounts_in(text_of(visitor.get("/operator/plans/").text)))
    assert prices <= plans
    for slug, ledger in books.ledgers.items():
        page = text_of(visitor.get(f"/operator/tenants/{slug}/").text)
        assert set(amounts_in(page)) <= ledger.explained(), slug
