"""Somebody with a workspace that has never paid, at the form of its card; and what Stripe's stand-in knows of it."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import FrameLocator, Locator, Page, Request, Route, expect
from stripe._encode import _api_encode

from devstack import data_dir
from tests.e2e.stack import Stack
from tests.e2e.watch import Watched

EMAIL = "admin@globex.test"
AGING = "owner@acme.test"  # whose sessions tests bend, while others use theirs
CARD, MASTERCARD = "4242424242424242", "5555555555554444"
CHALLENGED, DECLINED = "4000002500003155", "4000000000000002"
CANARY = "5200828282828210"  # a card that no other test uses
SETUP, CONFIRM = "**/payment-method/setup-intent/", re.compile(r"/v1/setup_intents/[^/]+/confirm$")
SAVE, SCRIPT = re.compile(r"/payment-method/(\?page)?$"), "**/dahlia/stripe.js"
CHALLENGE_FRAME = 'iframe[title="3D Secure authentication frame"]'
_NEW_TENANT = """
    WITH fresh AS (INSERT INTO tenants_tenant (id, slug, name, status, plan, seats, seats_used, created_at)
        VALUES (gen_random_uuid(), %s, %s, 'active', 'business', 10, 1, now()) RETURNING id)
    INSERT INTO tenants_membership (id, role, source, created_at, user_id, tenant_id)
    SELECT gen_random_uuid(), 'owner', 'invited', now(), u.id, fresh.id
    FROM fresh, accounts_user u WHERE u.email = %s"""
_CUSTOMERS = """SELECT content FROM payments_standin.objects
    WHERE kind = 'customer' AND content->'metadata'->>'slug' = %s"""
_CARDS = """SELECT content FROM payments_standin.objects WHERE kind = 'payment_method'
    AND content->>'customer' = %s ORDER BY position"""


def new_workspace(stack: Stack, email: str = EMAIL) -> str:
    """Make a workspace that somebody owns and that has nothing to do with billing yet; return its slug."""
    slug = f"till-{secrets.token_hex(4)}"
    assert stack.change(_NEW_TENANT, slug, f"Till {slug[-4:]}", email) == 1
    return slug


def control(stack: Stack, **order: object) -> None:
    """Steer the payments stand-in."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.port + 2, timeout=10)
    try:
        connection.request("POST", "/_control", json.dumps(order))
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
    finally:
        connection.close()


def post_to_stripe(stack: Stack, path: str, **params: Any) -> dict[str, Any]:
    """Do something at Stripe, as somebody in its dashboard."""
    key = data_dir.read(stack.directory / "secrets.json")["STRIPE_SECRET_KEY"]
    url = f"http://127.0.0.1:{stack.port + 2}/v1/{path}"
    request = urllib.request.Request(url, urlencode(list(_api_encode(params))).encode())
    request.add_header("Authorization", f"Bearer {key}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


@dataclass
class Desk:
    """The form in a browser; every request to Dezky is kept in `sent`."""

    watched: Watched
    slug: str
    origin: str = ""
    sent: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to listen."""
        self.origin = self.origin or self.stack.url
        self.page.on("request", self._on_request)

    @property
    def page(self) -> Page:
        """Return the browser's page."""
        return self.watched.page

    @property
    def stack(self) -> Stack:
        """Return the site behind it."""
        return self.watched.stack

    @property
    def path(self) -> str:
        """Return the address of the subscription."""
        return f"/admin/{self.slug}/subscription/"

    @property
    def dialog(self) -> Locator:
        """Return the dialog."""
        return self.page.locator("dialog#payment-dialog")

    @property
    def frame(self) -> FrameLocator:
        """Return the frame with Stripe's fields."""
        return self.page.frame_locator("[data-mount] iframe")

    @property
    def challenge(self) -> FrameLocator:
        """Return the frame of the bank's page."""
        return self.page.frame_locator(CHALLENGE_FRAME)

    @property
    def save_button(self) -> Locator:
        """Return the button that saves."""
        return self.page.get_by_role("button", name="Save card")

    @property
    def said(self) -> Locator:
        """Return the message by the card."""
        return self.page.locator("[data-card-error]")

    def open(self, *, waits: bool = True) -> None:
        """Open the dialog over the subscription's page."""
        self.page.goto(self.origin + self.path)
        self.page.locator("#payment-method").get_by_role("link", name=re.compile("^(Add a card|Change)")).click()
        expect(self.dialog).to_be_visible()
        if waits:
            self.is_ready()

    def is_ready(self) -> None:
        """Demand that a card can be typed."""
        expect(self.save_button).to_be_enabled()
        expect(self.frame.get_by_label("Card number")).to_be_visible()

    def fill(self, number: str = CARD, expiry: str = "12/34", cvc: str = "123") -> None:
        """Type a card."""
        self.frame.get_by_label("Card number").fill(number)
        self.frame.get_by_label("Expiration date").fill(expiry)
        self.frame.get_by_label("Security code").fill(cvc)
        country = self.frame.get_by_label("Country")
        if country.is_visible():
            country.select_option("DK")

    def save(self, number: str = CARD) -> None:
        """Type a card and save it."""
        self.fill(number)
        self.save_button.click()

    def is_saved(self, last4: str = "4242", *, is_only: bool = True) -> None:
        """Demand that the dialog has gone, that the page shows the card, and that the opener has the focus.

        A card that is replaced stays on file at Stripe: then it is not the only one.
        """
        expect(self.page.get_by_text("Card saved", exact=True)).to_be_visible()
        expect(self.dialog).to_have_count(0)
        summary = self.page.locator("#payment-method")
        expect(summary.get_by_text(f"ending {last4}")).to_be_visible()
        expect(self.page.get_by_role("link", name="Change the card")).to_be_focused()
        if is_only:
            self.is_only_card(last4)

    def is_only_card(self, last4: str) -> None:
        """Demand one customer at Stripe with one default card, and that Dezky knows it."""
        (customer,) = self.customers()
        default = customer["invoice_settings"]["default_payment_method"]
        cards = {card["id"]: card["card"]["last4"] for card in self.cards(customer["id"])}
        assert cards == {default: last4}
        query = """SELECT customer_id || ' ' || payment_method_id || ' ' || card_last4 FROM billing_billingaccount b
            JOIN tenants_tenant t ON t.id = b.tenant_id WHERE t.slug = %s"""
        assert self.stack.value(query, self.slug) == f"{customer['id']} {default} {last4}"

    def is_kept(self, number: str = "4242 4242 4242 4242") -> None:
        """Demand that what was typed is still there, in the open dialog."""
        expect(self.dialog).to_be_visible()
        assert self.dialog.evaluate("dialog => dialog.matches(':modal')")
        expect(self.frame.get_by_label("Card number")).to_have_value(number)
        expect(self.save_button).to_be_enabled()

    def customers(self) -> list[dict[str, Any]]:
        """Return the workspace's customers at Stripe."""
        with self.stack.database() as connection:
            return [row[0] for row in connection.execute(_CUSTOMERS.encode(), [self.slug]).fetchall()]

    def cards(self, customer: str) -> list[dict[str, Any]]:
        """Return a customer's cards at Stripe."""
        with self.stack.database() as connection:
            return [row[0] for row in connection.execute(_CARDS.encode(), [customer]).fetchall()]

    def posts(self, ending: str) -> list[Request]:
        """Return the writes to an address of Dezky."""
        return [each for each in self.sent if each.method == "POST" and urlsplit(each.url).path.endswith(ending)]

    def cut(self, where: Any, *, times: int, is_after: bool = False) -> None:
        """Cut the connection for the next requests: before they arrive, or once their work is done."""
        left = [times]

        def answer(route: Route) -> None:
            if route.request.method == "OPTIONS" or left[0] == 0:
                route.continue_()
                return
            left[0] -= 1
            if is_after:
                route.fetch()
            route.abort("connectionreset")

        self.page.route(where, answer)

    def forgive(self) -> None:
        """Forget what the browser complained of: the test has cut the connection itself."""
        expected = re.compile(r"failed: .*ERR_CONNECTION_RESET|failed: .*ERR_BLOCKED|net::ERR_CONNECTION_RESET")
        self.watched.problems[:] = [each for each in self.watched.problems if not expected.search(each)]

    def _on_request(self, request: Request) -> None:
        if request.url.startswith(self.origin):
            self.sent.append(request)
