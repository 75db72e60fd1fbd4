"""The pages of the payments stand-in that people open: an overview with its clock, and invoices that can be paid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.bare_shop import CARD, CARD_FRAME, CHALLENGED, DECLINED, Till, serving_till


@dataclass
class Books:
    """A browser at the stand-in, and a customer whose first invoice could not be paid."""

    page: Page
    till: Till
    customer: str
    invoice: Any

    def type(self, number: str) -> None:
        """Type a card into the invoice's form."""
        frame = self.page.frame_locator(CARD_FRAME)
        frame.get_by_label("Card number").fill(number)
        frame.get_by_label("Expiration date").fill("12/34")
        frame.get_by_label("Security code").fill("123")

    def pay(self, number: str) -> None:
        """Pay with a new card; what comes is a page of its own, which may look like this one."""
        self.type(number)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="with this card").click()

    @property
    def status(self) -> str:
        """Return the invoice's status by the API."""
        return str(self.till.stripe.v1.invoices.retrieve(self.invoice.id).status)


@pytest.fixture(scope="module")
def till() -> Iterator[Till]:
    with serving_till() as till:
        yield till


@pytest.fixture
def books(browser: Browser, till: Till) -> Iterator[Books]:
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    customer, invoice = _owing(till)
    yield Books(page, till, customer, invoice)
    context.close()
    assert problems == []


def _owing(till: Till) -> tuple[str, Any]:
    """Return a customer of Denmark whose card fails at the first payment, and the invoice that waits."""
    v1: Any = till.stripe.v1
    customer = v1.customers.create({"name": "Acme Studio", "email": "a@acme.test", "address": {"country": "DK"}}).id
    method = v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer}).id
    v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method}})
    subscription = v1.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": "price_DezkyBusiness", "quantity": 10}],
            "payment_behavior": "allow_incomplete",
            "automatic_tax": {"enabled": True},
        }
    )
    return customer, v1.invoices.retrieve(subscription.latest_invoice)


def test_an_invoice_says_what_it_is_for(books: Books) -> None:
    assert books.invoice.hosted_invoice_url == f"{books.till.url}/i/{books.invoice.id}"
    books.page.goto(books.invoice.hosted_invoice_url)
    expect(books.page.get_by_role("heading", name="€212.50")).to_be_visible()  # 10 x 17.00, and 25 % of it
    for text in (books.invoice.number, "Acme Studio", "Open", "€170.00", "VAT (25%)", "€42.50"):
        expect(books.page.get_by_text(text, exact=True).first).to_be_visible()
    answer = books.page.request.get(books.invoice.invoice_pdf)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-1.4")
    assert books.invoice.number.encode() in answer.body()


def test_an_invoice_is_paid_with_a_new_card(books: Books) -> None:
    books.page.goto(books.invoice.hosted_invoice_url)
    books.page.get_by_role("button", name="Pay €212.50 with Visa ending 0341").click()
    expect(books.page.get_by_role("alert").filter(has_text="Your card was declined.")).to_be_visible()
    assert books.status == "open"
    books.pay(DECLINED)
    expect(books.page.get_by_role("alert").filter(has_text="Your card was declined.")).to_be_visible()
    books.pay(CARD)
    expect(books.page.get_by_text("Paid", exact=True)).to_be_visible()
    expect(books.page.get_by_role("button")).to_have_count(0)
    assert books.status == "paid"


def test_a_bank_that_asks_leads_back_to_the_paid_invoice(books: Books) -> None:
    books.page.goto(books.invoice.hosted_invoice_url)
    books.pay(CHALLENGED.replace("2500003155", "2760003184"))
    expect(books.page.get_by_role("heading", name="3-D Secure 2 test page")).to_be_visible()
    expect(books.page.get_by_text("pay €212.50")).to_be_visible()
    books.page.get_by_role("button", name="Complete authentication").click()
    books.page.wait_for_url(books.invoice.hosted_invoice_url)
    expect(books.page.get_by_text("Paid", exact=True)).to_be_visible()


def test_an_invoice_that_is_not_there_is_a_404(books: Books) -> None:
    answer = books.page.goto(f"{books.till.url}/i/in_nowhere")
    assert answer is not None
    assert answer.status == 404
    expect(books.page.get_by_role("heading", name="Not found")).to_be_visible()


def test_the_overview_lists_cards_and_customers_and_moves_the_clock(books: Books) -> None:
    books.page.goto(books.invoice.hosted_invoice_url)
    books.pay(CARD)
    expect(books.page.get_by_text("Paid", exact=True)).to_be_visible()
    books.page.goto(books.till.url)
    expect(books.page.get_by_text("4000 0025 0000 3155")).to_be_visible()
    row = books.page.get_by_role("row", name=re.compile(books.customer))
    expect(row.get_by_role("link", name=books.invoice.number)).to_be_visible()
    before = books.page.locator("time").get_attribute("datetime")
    books.page.get_by_role("button", name="One month on").click()
    books.page.wait_for_function("before => document.querySelector('time')?.dateTime > before", arg=before)
    expect(row.get_by_role("link")).to_have_count(2)
    books.page.get_by_role("button", name="Back to the real time").click()
    books.page.wait_for_function(
        "before => document.querySelector('time')?.dateTime.slice(0, 13) <= before", arg=before
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(books: Books, scheme: Any) -> None:
    books.page.emulate_media(color_scheme=scheme)
    for path in ("/", f"/i/{books.invoice.id}"):
        for width in (1280, 320):
            books.page.set_viewport_size({"width": width, "height": 800})
            books.page.goto(books.till.url + path)
            found = [rule["id"] for rule in Axe().run(books.page, options={"iframes": False}).response["violations"]]
            assert (path, width, found) == (path, width, [])
            assert books.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
