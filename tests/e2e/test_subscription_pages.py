"""Must show 2: a workspace pays for what it has, from the first price to the end, as its people see it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.card_desk import Desk, control, post_to_stripe
from tests.e2e.conftest import Open
from tests.e2e.stack import wait_until
from tests.e2e.till import Till
from tests.e2e.watch import Watched


@pytest.fixture
def till(watched: Watched) -> Iterator[Till]:
    """Give the till of a workspace that has never paid."""
    yield Till(watched)
    watched.check_quiet()


def test_from_nothing_to_a_subscription_in_three_steps(till: Till) -> None:
    page = till.page
    till.open()
    expect(page.get_by_role("heading", name="No subscription yet")).to_be_visible()
    till.watched.check()
    till.give_details()
    till.give_card()
    till.ask_price(3)
    expect(till.dialog).to_contain_text("€51.00")  # three at 17.00
    expect(till.dialog).to_contain_text("€12.75")  # and 25 % VAT
    expect(till.dialog).to_contain_text("Visa ending 4242")
    till.watched.check()
    till.press("Pay €63.75")
    till.told("€63.75, exactly as quoted.")
    expect(page.get_by_text("3 seats: charged exactly as quoted, €63.75")).to_be_visible()
    expect(page.get_by_text("1 of 3 seats in use")).to_be_visible()
    expect(page.locator("#workspace-seats")).to_have_text("Business · 1 of 3 seats")
    expect(page.get_by_role("table", name="Recent invoices")).to_contain_text("€63.75")
    till.watched.check()
    assert till.value("seats") == 3


def test_seats_are_changed_at_the_price_that_was_shown(till: Till) -> None:
    till.subscribe()
    till.ask_price(5, "Change plan or seats")
    expect(till.dialog).to_contain_text("From 3 to 5 seats")
    shown = till.dialog.get_by_role("button", name="Pay ").inner_text().removeprefix("Pay ")
    till.press("Pay ")
    till.told(f"{shown}, exactly as quoted.")
    assert till.value("seats") == 5
    assert (
        till.stack.value(
            "SELECT count(*) FROM billing_quote q JOIN tenants_tenant t ON t.id = q.tenant_id"
            " WHERE t.slug = %s AND q.state = 'accepted'",
            till.slug,
        )
        == 2
    )


def test_a_price_without_a_card_leads_to_one_and_back(till: Till) -> None:
    till.give_details()
    till.ask_price(2)
    expect(till.dialog).to_contain_text("A card is needed")
    till.watched.check()
    till.dialog.get_by_role("link", name="Add a card").click()
    desk = Desk(till.watched, till.slug)
    desk.is_ready()
    desk.save()
    till.page.wait_for_url("**/subscription/quotes/*/")
    expect(till.page.get_by_role("heading", level=1)).to_have_text("Business, 2 seats")
    till.watched.check()
    till.page.get_by_role("button", name="Pay ").click()
    till.page.wait_for_url(f"**{till.path}")
    expect(till.page.get_by_role("main")).to_contain_text("exactly as quoted")


def test_a_decline_keeps_the_price_and_offers_another_card(till: Till) -> None:
    till.give_details()
    till.give_card("4000000000000341")  # can be saved, and is declined when it is charged
    till.ask_price(2)
    with till.watched.expecting(422):
        till.press("Pay ")
        expect(till.dialog.get_by_role("alert")).to_contain_text("The card was declined. Nothing was changed.")
    expect(till.dialog.get_by_role("link", name="Replace card")).to_be_visible()
    expect(till.dialog.get_by_role("heading", level=1)).to_have_text("Business, 2 seats")
    till.watched.check()
    assert till.value("status") == ""


def test_what_has_moved_is_shown_beside_the_price_of_now(till: Till) -> None:
    till.give_details()
    till.give_card()
    till.ask_price(2)
    till.set(country="SE")
    with till.watched.expecting(409):
        till.press("Pay ")
        expect(till.dialog.get_by_role("alert")).to_contain_text("Here is the price of now.")
    expect(till.dialog).to_contain_text("Price that ran out")
    till.watched.check()
    assert till.value("status") == ""


@pytest.mark.alone
def test_stripe_is_away_and_the_dialog_waits(till: Till) -> None:
    till.give_details()
    till.link("Edit billing details")
    till.dialog.get_by_label("Company").fill("Globex Ltd")
    control(till.stack, action="down")
    try:
        with till.watched.expecting(503):
            till.press("Save details")
            expect(till.dialog.get_by_role("alert")).to_contain_text("The payment service is away")
        expect(till.dialog.get_by_label("Company")).to_have_value("Globex Ltd")
        till.watched.check()
    finally:
        control(till.stack, action="normal")
    till.press("Try again")
    till.told("Billing details saved")
    assert till.value("company") == "Globex Ltd"


def test_whoever_saves_second_sees_both_versions(till: Till, open_page: Open) -> None:
    till.give_details()
    till.link("Edit billing details")
    till.dialog.get_by_label("Company").fill("Mine")
    other = Till(open_page(), till.slug)
    other.open()
    other.link("Edit billing details")
    other.dialog.get_by_label("Company").fill("Theirs")
    other.press("Save details")
    other.told("Billing details saved")

    with till.watched.expecting(409):
        till.press("Save details")
        expect(till.dialog.get_by_role("table")).to_contain_text("Theirs")
    expect(till.dialog.get_by_label("Company")).to_have_value("Mine")
    till.watched.check()
    till.press("Save details")
    till.told("Billing details saved")
    assert till.value("company") == "Mine"


def test_a_wrong_vat_number_is_told_at_its_field(till: Till) -> None:
    till.give_details()
    till.link("Edit billing details")
    till.dialog.get_by_label("VAT number").fill("DK13585629")
    with till.watched.expecting(422):
        till.press("Save details")
        expect(till.dialog.locator("#vat-error")).to_contain_text("check digit is wrong")
    till.watched.check()


def test_cancelling_says_what_ends_and_resuming_takes_one_press(till: Till) -> None:
    till.subscribe()
    till.link("Cancel subscription")
    expect(till.dialog).to_contain_text("loses 3 seats and the plan Business")
    till.watched.check()
    till.press("Cancel subscription")
    till.told("Subscription cancelled")
    expect(till.page.get_by_text(re.compile("^Ends ")).first).to_be_visible()
    till.watched.check()
    till.page.get_by_role("button", name="Resume").click()
    till.told("Subscription resumed")
    assert till.value("is_cancelling") is False


def test_people_without_seats_are_told_with_the_exact_price(till: Till) -> None:
    till.subscribe(seats=1)
    query = "UPDATE tenants_tenant SET seats_used = 3 WHERE slug = %s"
    assert till.stack.change(query, till.slug) == 1
    till.page.goto(f"{till.stack.url}/admin/{till.slug}/people/")
    expect(till.page.get_by_text("2 people have no seat")).to_be_visible()
    till.watched.check()
    till.page.get_by_role("button", name="Price of 2 seats").click()
    expect(till.dialog.get_by_role("heading", level=1)).to_have_text("Business, 3 seats")
    till.watched.check()
    till.press("Pay ")
    expect(till.page.get_by_text("2 people have no seat")).to_have_count(0)
    expect(till.page.get_by_text("Every seat is taken")).to_be_visible()
    assert till.value("seats") == 3


def _fail_to_pay(till: Till) -> None:
    """Have a card that is declined, and somebody at Stripe add two seats: the webhooks tell of it."""
    till.give_card("4000000000000341", is_first=False)
    subscription, customer = till.value("subscription_id"), till.value("customer_id")
    query = "SELECT content FROM payments_standin.objects WHERE kind = 'subscription' AND id = %s"
    item = till.stack.value(query, subscription)["items"]["data"][0]["id"]
    post_to_stripe(
        till.stack,
        f"subscriptions/{subscription}",
        items=[{"id": item, "quantity": 5}],
        proration_behavior="always_invoice",
        payment_behavior="allow_incomplete",
    )
    wait_until(lambda: till.value("status") == "past_due", seconds=30, what=f"{customer} is known to be past due")


def test_a_failed_payment_is_told_on_every_page_and_paid_at_once(till: Till) -> None:
    till.subscribe()
    _fail_to_pay(till)
    for path in ("", "people/", "audit/", "invoices/", "subscription/"):
        till.page.goto(f"{till.stack.url}/admin/{till.slug}/{path}")
        expect(till.page.locator("#billing-banner")).to_contain_text("A payment has failed.")
        till.watched.check()
    banner = till.page.locator("#billing-banner")
    banner.get_by_role("link", name="Pay now").click()
    expect(till.dialog.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Pay €\d+\.\d\d now\?$"))
    till.watched.check()
    with till.watched.expecting(422):
        till.press("Pay €")
        expect(till.dialog.get_by_role("alert")).to_contain_text("The card was declined. Nothing was changed.")
    till.watched.check()

    till.dialog.get_by_role("link", name="Replace card").click()
    desk = Desk(till.watched, till.slug)
    desk.is_ready()
    desk.save()
    till.page.wait_for_url("**/invoices/*/pay/")
    till.page.get_by_role("button", name="Pay €").click()
    till.page.wait_for_url(f"**{till.path}")
    expect(till.page.get_by_role("main")).to_contain_text(re.compile("Invoice .* is paid"))
    expect(banner).to_be_empty()
    expect(till.page.get_by_text("5 seats").first).to_be_visible()
    till.watched.check()
    assert till.value("status") == "active"


def test_invoices_are_listed_filtered_and_downloaded(till: Till) -> None:
    till.subscribe()
    page = till.page
    page.get_by_role("link", name="Invoices", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Invoices")
    expect(page.get_by_role("table", name="Invoices")).to_contain_text("Paid")
    till.watched.check()
    page.get_by_label("Status").select_option("refunded")
    expect(page.get_by_text("No invoice with this status")).to_be_visible()
    till.watched.check()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    text = download.value.path().read_text()
    assert text.splitlines()[0].startswith("number,created_at")
    assert ",Paid,EUR,63.75,12.75,63.75,0.00,0.00" in text
