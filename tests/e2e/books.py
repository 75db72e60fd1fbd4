"""Stripe's books, read by its API alone, and every amount that may stand on a page because of them.

Nothing here is the product's: what a month costs, what was paid in a month and what a firm's customers pay in all
are added up once more, from Stripe's own objects.
"""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

from devstack import data_dir as data
from tests.e2e.stack import Stack

# How English writes the demo's currencies: sign, digits after the point, and what Stripe's unit is.
_SIGNS = {
    "eur": ("€", 2, 100),
    "usd": ("$", 2, 100),
    "jpy": ("¥", 0, 1),
    "isk": ("ISK\xa0", 0, 100),
    "kwd": ("KWD\xa0", 3, 1000),
}
_AMOUNT = re.compile(r"[-\u2212]?(?:[€$¥]|(?:ISK|KWD)\xa0)[0-9][0-9,]*(?:\.[0-9]+)?")


def written(currency: str, minor: int) -> str:
    """Return an amount as an English page writes it."""
    sign, digits, unit = _SIGNS[currency]
    major = Fraction(abs(minor), unit)
    assert (major * 10**digits).denominator == 1, (currency, minor)
    whole, rest = divmod(int(major * 10**digits), 10**digits)
    return ("-" if minor < 0 else "") + f"{sign}{whole:,}" + (f".{rest:0{digits}}" if digits else "")


def amounts_in(text: str) -> list[str]:
    """Return the amounts that stand in a text."""
    return [each.replace("\u2212", "-") for each in _AMOUNT.findall(text)]


_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_ROWS = frozenset({"tr", "li", "dt", "h1", "h2", "h3", "p"})


class _Text(HTMLParser):
    """What is read out of a page: no scripts, and nothing that is hidden from a reader, as a chart's axis is."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._unread: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        if self._unread or tag in ("script", "style", "svg") or ("aria-hidden", "true") in attrs:
            self._unread.append(tag)
        elif tag in _ROWS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unread:
            while self._unread.pop() != tag:
                pass
        elif tag in _ROWS:
            self.parts.append("\n")

    def handle_data(self, content: str) -> None:
        if not self._unread:
            self.parts.append(re.sub(r"[ \t\r\n]+", " ", content))


def text_of(page: str) -> str:
    """Return a page's text, a line for each row of a table."""
    reader = _Text()
    reader.feed(page)
    return "".join(f"{part} " if part != "\n" else part for part in reader.parts)


@dataclass
class Ledger:
    """One customer's books."""

    slug: str
    customer: dict[str, Any]
    subscriptions: list[dict[str, Any]]
    invoices: list[dict[str, Any]]
    charges: list[dict[str, Any]]
    currency: str = field(init=False)

    def __post_init__(self) -> None:
        self.currency = self.customer["currency"]

    @property
    def living(self) -> dict[str, Any] | None:
        """Return the subscription that goes on."""
        return next((each for each in self.subscriptions if each["status"] in ("active", "past_due")), None)

    @property
    def monthly(self) -> int:
        """Return what a month costs, in minor units: of a year a twelfth, rounded to the nearest."""
        if self.living is None:
            return 0
        item = self.living["items"]["data"][0]
        amount = Fraction(item["price"]["unit_amount"] * item["quantity"])
        if item["price"]["recurring"]["interval"] == "year":
            amount /= 12
        return int(amount + Fraction(1, 2))

    @property
    def paid_by_month(self) -> dict[str, int]:
        """Return what was paid for the invoices of each month, refunds taken off."""
        refunded = {each["payment_intent"]: each["amount_refunded"] for each in self.charges if each["paid"]}
        found: dict[str, int] = defaultdict(int)
        for invoice in self.invoices:
            if invoice["status"] == "paid":
                month = datetime.fromtimestamp(invoice["created"], UTC).strftime("%Y-%m")
                intents = [each["payment"].get("payment_intent") for each in invoice["payments"]["data"]]
                found[month] += invoice["amount_paid"] - sum(refunded.get(intent, 0) for intent in intents)
        return found

    def explained(self) -> set[str]:
        """Return every amount that this customer's pages may show."""
        minors = {0, self.monthly, -self.customer["balance"]}
        for subscription in self.subscriptions:
            item = subscription["items"]["data"][0]
            minors |= {item["price"]["unit_amount"], item["price"]["unit_amount"] * item["quantity"]}
        for invoice in self.invoices:
            minors |= {invoice[name] for name in ("total", "amount_due", "amount_paid", "amount_remaining", "subtotal")}
            minors |= {sum(tax["amount"] for tax in invoice["total_taxes"])}
            minors |= {line["amount"] for line in invoice["lines"]["data"]}
        last = last_months()
        paid = [amount for month, amount in self.paid_by_month.items() if month in last]
        minors |= {*paid, sum(paid)}
        return {written(self.currency, minor) for minor in minors}


def last_months() -> list[str]:
    """Return the last twelve months, the running one last, as `2026-11`."""
    now = datetime.now(UTC)
    numbers = [now.year * 12 + now.month - 1 - back for back in range(11, -1, -1)]
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers]


class Books:
    """All customers of the demo's Stripe."""

    def __init__(self, stack: Stack) -> None:
        """Read everything."""
        self._base = f"http://127.0.0.1:{stack.port + 2}"
        self._key = str(data.read(stack.directory / "secrets.json")["STRIPE_SECRET_KEY"])
        self.ledgers = {
            each["metadata"]["slug"]: self._ledger(each) for each in self.all("customers") if each["currency"]
        }
        self.prices = self.all("prices", active="true")

    def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Return every object of a list."""
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            page = self._get(path, {**params, **more, "limit": 100})
            found += page["data"]
            if not page["has_more"]:
                return found
            more = {"starting_after": page["data"][-1]["id"]}

    def totals(self) -> dict[str, int]:
        """Return what all customers that pay cost in a month, for each currency by itself."""
        sums: dict[str, int] = defaultdict(int)
        for ledger in self.ledgers.values():
            sums[ledger.currency] += ledger.monthly
        return {currency: minor for currency, minor in sums.items() if minor}

    def _ledger(self, customer: dict[str, Any]) -> Ledger:
        named = {"customer": customer["id"]}
        return Ledger(
            customer["metadata"]["slug"],
            customer,
            self.all("subscriptions", **named, status="all"),
            self.all("invoices", **named, **{"expand[]": "data.payments"}),
            self.all("charges", **named),
        )

    def _get(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        url = f"{self._base}/v1/{path}?{urllib.parse.urlencode(params)}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self._key}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            read: dict[str, Any] = json.load(answer)
            return read
