"""A shop's page with nothing on it but Stripe.js, under the policy that Stripe asks for, and its stand-in."""

from __future__ import annotations

import json
import os
import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import stripe
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Frame, FrameLocator, Page
from psycopg import sql

from devstack.standin import Request, Response, StandInServer
from tests.contract.checked_stripe import serve_stripe
from tests.devstack.helpers import serving

CARD, CHALLENGED, DECLINED = "4242424242424242", "4000002500003155", "4000000000000002"
PAYMENT_FRAME = 'iframe[title="Secure payment input frame"]'
CARD_FRAME = 'iframe[title="Secure card payment input frame"]'
CHALLENGE_FRAME = 'iframe[title="3D Secure authentication frame"]'
_EVENTS = "['ready', 'change', 'focus', 'blur', 'loaderror', 'escape']"


@dataclass
class Till:
    """A running stand-in, and Stripe's own library pointed at it."""

    url: str
    publishable_key: str
    stripe: stripe.StripeClient

    def control(self, **order: object) -> None:
        """Steer the stand-in."""
        request = urllib.request.Request(f"{self.url}/_control", json.dumps(order).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def setup(self) -> tuple[str, str]:
        """Begin to set up a card of a new customer; return the client secret and the customer."""
        customer = self.stripe.v1.customers.create({"email": "shop@example.test"}).id
        params: Any = {"customer": customer, "usage": "off_session", "payment_method_types": ["card"]}
        return str(self.stripe.v1.setup_intents.create(params).client_secret), customer

    def cards(self, customer: str) -> list[str]:
        """Return the last four digits of a customer's cards."""
        found = self.stripe.v1.payment_methods.list({"customer": customer}).data
        return [method.card.last4 for method in found if method.card]


@contextmanager
def serving_till() -> Iterator[Till]:
    """Serve a stand-in on a database of its own, with every call checked against Stripe's description."""
    superuser_url = os.environ.get("TEST_DATABASE_SUPERUSER_URL")
    if not superuser_url:
        pytest.skip("needs the PostgreSQL of bin/dezky test")
    name = f"window_{secrets.token_hex(4)}"
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with serve_stripe(urlunsplit(urlsplit(superuser_url)._replace(path=f"/{name}"))) as checked:
            addresses: Any = {"api": checked.base_url}
            client = stripe.StripeClient(checked.secret_key, base_addresses=addresses, max_network_retries=0)
            yield Till(checked.base_url, checked.publishable_key, client)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def serving_shop(till_url: str) -> Iterator[str]:
    """Serve the shop's page from an origin of its own; `?dark` makes it dark."""
    policy = (
        f"default-src 'none'; script-src {till_url}; frame-src {till_url}; connect-src {till_url}; style-src 'self'; "
        "img-src data:; base-uri 'none'"
    )

    def answer(request: Request) -> Response:
        if request.path == "/shop.css":
            css = ":root { color-scheme: light } body { background: #fff; margin: 12px } "
            dark = ":root.dark { color-scheme: dark } .dark body { background: #16171d }"
            return Response(200, f"{css}{dark}".encode(), {"Content-Type": "text/css"})
        theme = ' class="dark"' if "dark" in request.query else ""
        html = f"""<!doctype html><html lang="en"{theme}><head><title>Shop</title>
<link rel="stylesheet" href="/shop.css">
<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width, initial-scale=1">
<script src="{till_url}/dahlia/stripe.js"></script></head>
<body><main><h1>Shop</h1><div id="mount"></div><button>Next</button></main></body></html>"""
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
        return Response(200, html.encode(), headers)

    with serving(StandInServer(0, answer)) as url:
        yield url


@dataclass
class Shop:
    """The shop's page in a browser; whatever the browser complains of is in `problems`."""

    page: Page
    url: str
    till: Till
    problems: list[str] = field(default_factory=list)

    def visit(self, secret: str = "", kind: str = "payment", query: str = "", options: str = "{}") -> None:
        """Open the page and mount an Element, with its options as JavaScript."""
        self.page.goto(f"{self.url}/{query}")
        theme = "night" if "dark" in query else "stripe"
        given = f"clientSecret: {json.dumps(secret)}" if secret else "mode: 'setup'"
        self.page.evaluate(
            f"""() => {{
            window.said = [];
            window.stripe = Stripe({json.dumps(self.till.publishable_key)});
            window.elements = stripe.elements({{ {given}, appearance: {{ theme: '{theme}' }} }});
            window.element = elements.create('{kind}', {options});
            for (const name of {_EVENTS}) element.on(name, detail => said.push({{ name, ...detail }}));
            element.mount('#mount');
            }}"""
        )
        self.page.wait_for_function("() => said.some(each => ['ready', 'loaderror'].includes(each.name))")

    @property
    def frame(self) -> FrameLocator:
        """Return the frame of the Element."""
        return self.page.frame_locator("#mount iframe")

    @property
    def challenge(self) -> FrameLocator:
        """Return the frame of the bank's page."""
        return self.page.frame_locator(CHALLENGE_FRAME)

    def fill(self, number: str, expiry: str = "12/34", cvc: str = "123") -> None:
        """Type a card."""
        self.frame.get_by_label("Card number").fill(number)
        self.frame.get_by_label("Expiration date").fill(expiry)
        self.frame.get_by_label("Security code").fill(cvc)
        if self.frame.get_by_label("Country").count() and self.frame.get_by_label("Country").is_visible():
            self.frame.get_by_label("Country").select_option("DK")

    def said(self, name: str) -> list[dict[str, Any]]:
        """Return what the Element has said by this name."""
        found: list[dict[str, Any]] = self.page.evaluate("name => said.filter(each => each.name === name)", name)
        return found

    def start(self, call: str) -> None:
        """Begin a call of Stripe.js; `result` waits for what comes of it."""
        self.page.evaluate(f"() => {{ window.answer = null; {call}.then(a => (window.answer = a)); }}")

    def result(self) -> dict[str, Any]:
        """Return what came of the call."""
        self.page.wait_for_function("() => window.answer !== null")
        answer: dict[str, Any] = self.page.evaluate("() => window.answer")
        return answer

    def axe(self, frame: Frame) -> list[str]:
        """Return the ids of what axe finds in a frame."""
        return [rule["id"] for rule in Axe().run(frame).response["violations"]]


@contextmanager
def opening_shop(browser: Browser, till: Till, url: str, **look: Any) -> Iterator[Shop]:
    """Give the shop in a browser of its own, and demand that the browser had nothing to complain of."""
    context = browser.new_context(**({"locale": "en-GB", "reduced_motion": "reduce"} | look))
    context.set_default_timeout(10_000)
    shop = Shop(context.new_page(), url, till)
    shop.page.on("pageerror", lambda error: shop.problems.append(str(error)))
    shop.page.on(
        "console",
        lambda message: (
            shop.problems.append(message.text)
            if message.type in {"error", "warning"} and "Failed to load resource" not in message.text
            else None
        ),
    )
    yield shop
    context.close()
    assert shop.problems == []
