"""The stand-in's own page for a demo: cards to try, customers with their invoices, and its clock."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from devstack.payments import inside
from devstack.payments.amounts import format_amount
from devstack.payments.objects import Object
from devstack.payments.page_html import BADGE, day, page
from devstack.payments.routing import Call
from devstack.standin import Response

CARDS = (
    ("4242 4242 4242 4242", "Visa", "Works"),
    ("5555 5555 5555 4444", "Mastercard", "Works"),
    ("4000 0025 0000 3155", "Visa", "3-D Secure when it is saved"),
    ("4000 0027 6000 3184", "Visa", "3-D Secure at every payment"),
    ("4000 0000 0000 0002", "Visa", "Declined"),
    ("4000 0000 0000 9995", "Visa", "Declined: insufficient funds"),
    ("4000 0000 0000 0069", "Visa", "Declined: expired"),
    ("4000 0000 0000 0127", "Visa", "Declined: wrong security code"),
    ("4000 0000 0000 0341", "Visa", "Is saved, then fails at the first payment"),
)


def show(call: Call) -> Response:
    """Show the page."""
    now = datetime.fromtimestamp(call.now, UTC)
    return page(
        "Overview",
        f"""{BADGE}<h1>Payments of the demo</h1>
<p>In production Stripe stands here. No money moves, and no card is real.</p>
<section class="panel"><h2>Clock</h2>
<p>For this stand-in it is <time datetime="{now:%Y-%m-%dT%H:%M:%SZ}"><strong>{day(call.now)}, {now:%H:%M} UTC</strong>
</time>. Moved on, it renews subscriptions, charges cards and sends webhooks, as time would.</p>
<p class="buttons" id="clock"><button type="button" value="day">One day on</button>
<button type="button" value="week">One week on</button>
<button type="button" value="month">One month on</button>
<button type="button" value="now">Back to the real time</button></p>
<p class="error" role="alert"></p></section>
<section class="panel"><h2>Cards to try</h2>
<p>Any date to come, any three digits as the security code.</p>{_cards()}</section>
<section class="panel"><h2>Customers</h2>{_customers(call)}</section>""",
        script="/elements/home.js",
    )


def _cards() -> str:
    rows = "".join(
        f'<tr><td><code>{number}</code></td><td>{brand}</td><td class="wide">{escape(what)}</td></tr>'
        for number, brand, what in CARDS
    )
    return _table("Cards to try", ("Number", "Brand", "What happens"), rows)


def _customers(call: Call) -> str:
    customers = inside.listed(call, "/v1/customers")
    if not customers:
        return "<p>None yet: a workspace becomes one when it first needs to pay.</p>"
    invoices = inside.listed(call, "/v1/invoices")
    rows = "".join(
        f"<tr><td>{escape(customer.get('name') or customer.get('email') or '–')}"  # noqa: RUF001 - a dash
        f"<small><code>{escape(customer['id'])}</code></small></td><td>{escape(_card_of(call, customer))}</td>"
        f'<td class="wide">{_invoices([each for each in invoices if each["customer"] == customer["id"]])}</td></tr>'
        for customer in customers
    )
    return _table("Customers", ("Customer", "Card", "Invoices"), rows)


def _card_of(call: Call, customer: Object) -> str:
    identifier = (customer.get("invoice_settings") or {}).get("default_payment_method")
    method = call.shelf.get("payment_method", str(identifier)) if identifier else None
    card = (method or {}).get("card")
    return f"{card['brand'].title()} {card['last4']}" if card else "–"  # noqa: RUF001 - a dash


def _invoices(invoices: list[Object]) -> str:
    if not invoices:
        return "–"  # noqa: RUF001 - a dash
    items = "".join(
        f'<li><a href="/i/{escape(each["id"])}">{escape(each.get("number") or each["id"])}</a> '
        f"{escape(format_amount(each['total'], each['currency']))}, {escape(each['status'])}</li>"
        for each in invoices
    )
    return f"<ul>{items}</ul>"


def _table(label: str, heads: tuple[str, ...], rows: str) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>
<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"""
