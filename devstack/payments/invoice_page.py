"""The hosted page of an invoice: what it is for, what is owed, and a way to pay it."""

from __future__ import annotations

from html import escape

from devstack.payments import inside
from devstack.payments.amounts import format_amount
from devstack.payments.errors import StripeError
from devstack.payments.invoice_pdf import to_pdf
from devstack.payments.invoice_sums import sums_of
from devstack.payments.objects import Object
from devstack.payments.page_html import BADGE, day, not_found, page
from devstack.payments.routing import Call
from devstack.standin import Response

_STATUSES = {
    "draft": ("Draft", ""),
    "open": ("Open", "open"),
    "paid": ("Paid", "good"),
    "uncollectible": ("Uncollectible", "bad"),
    "void": ("Void", ""),
}


def show(call: Call) -> Response:
    """Show an invoice."""
    return _show(call, "")


def pdf(call: Call) -> Response:
    """Answer an invoice as a PDF."""
    invoice = _find(call)
    if invoice is None:
        return not_found("invoice")
    name = f"Invoice-{invoice.get('number') or invoice['id']}.pdf"
    headers = {"Content-Type": "application/pdf", "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(200, to_pdf(invoice), {**headers, "Cache-Control": "no-store"})


def pay(call: Call) -> Response:
    """Pay an invoice with its customer's default card, or with a card that the page's own form has made."""
    invoice = _find(call)
    if invoice is None:
        return not_found("invoice")
    method = str(call.params.get("payment_method", ""))
    here = f"/i/{invoice['id']}"
    try:
        if method:
            inside.ask(call, "POST", f"/v1/payment_methods/{method}/attach", {"customer": invoice["customer"]})
        given = {"off_session": "false"} | ({"payment_method": method} if method else {})
        inside.ask(call, "POST", f"/v1/invoices/{invoice['id']}/pay", given)
    except StripeError as error:
        waiting = _waiting_payment(call, invoice["id"])
        if waiting:
            return Response(303, b"", {"Location": f"/_3ds/{waiting}?next={here}"})
        return _show(call, str(error))
    return Response(303, b"", {"Location": here})


def _find(call: Call) -> Object | None:
    return inside.ask(call, "GET", f"/v1/invoices/{call.ids[0]}")


def _waiting_payment(call: Call, invoice: str) -> str | None:
    """Return the payment of an invoice that waits for its customer's bank."""
    for each in inside.listed(call, "/v1/invoice_payments", {"invoice": invoice}):
        intent = call.shelf.get("payment_intent", str((each.get("payment") or {}).get("payment_intent")))
        if intent and intent["status"] == "requires_action":
            return str(intent["id"])
    return None


def _show(call: Call, problem: str) -> Response:
    invoice = _find(call)
    if invoice is None:
        return not_found("invoice")
    word, kind = _STATUSES.get(invoice["status"], (invoice["status"], ""))
    due = format_amount(invoice["amount_remaining"], invoice["currency"])
    headline = format_amount(invoice["total"], invoice["currency"]) if invoice["status"] == "paid" else due
    alert = f'<p class="error" role="alert">{escape(problem)}</p>' if problem else ""
    form = _pay_form(call, invoice, due) if invoice["status"] == "open" else ""
    return page(
        f"Invoice {invoice.get('number') or invoice['id']}",
        f"""<div class="panel">
<div class="line">{BADGE}<span class="status {kind}">{escape(word)}</span></div>
<h1>{escape(headline)}</h1>
<dl>
<dt>Invoice number</dt><dd>{escape(invoice.get("number") or "-")}</dd>
<dt>Date</dt><dd>{day(invoice.get("effective_at") or invoice["created"])}</dd>
<dt>To</dt><dd>{escape(invoice.get("customer_name") or invoice.get("customer_email") or "-")}</dd>
</dl>
{_lines(invoice)}
{alert}{form}
<p class="buttons"><a class="button" href="/i/{escape(invoice["id"])}/pdf">Download invoice</a></p>
</div>""",
        script="/dahlia/stripe.js /elements/invoice.js" if form else "",
        status=402 if problem else 200,
        narrow=True,
        data={"key": call.publishable_key} if form else None,
    )


def _lines(invoice: Object) -> str:
    currency = invoice["currency"]
    rows = "".join(
        f"<tr><td>{escape(line.get('description') or '-')}"
        f"<small>{day(line['period']['start'])} to {day(line['period']['end'])}</small></td>"
        f'<td class="number">{line.get("quantity") or ""}</td>'
        f'<td class="number">{escape(format_amount(line["amount"], currency))}</td></tr>'
        for line in invoice["lines"]["data"]
    )
    sums = "".join(
        f'<tr><th scope="row" colspan="2">{escape(name)}</th>'
        f'<td class="number">{escape(format_amount(amount, currency))}</td></tr>'
        for name, amount in sums_of(invoice)
    )
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="Lines"><table>
<thead><tr><th scope="col">Description</th><th scope="col" class="number">Qty</th>
<th scope="col" class="number">Amount</th></tr></thead>
<tbody>{rows}</tbody><tfoot>{sums}</tfoot></table></div>"""


def _pay_form(call: Call, invoice: Object, due: str) -> str:
    customer = call.shelf.get("customer", str(invoice["customer"])) or {}
    identifier = (customer.get("invoice_settings") or {}).get("default_payment_method")
    method = call.shelf.get("payment_method", str(identifier)) if identifier else None
    known = ""
    action = f"/i/{escape(invoice['id'])}/pay"
    if method and method.get("card"):
        card = method["card"]
        name = f"{card['brand'].title()} ending {card['last4']}"
        known = f"""<form method="post" action="{action}">
<button class="primary wide">Pay {escape(due)} with {escape(name)}</button>
</form><p class="or">or with another card</p>"""
    return f"""{known}<form id="new-card" method="post" action="{action}">
<input type="hidden" name="payment_method">
<div id="card"></div><p class="error" id="card-error" role="alert"></p>
<button class="{"wide" if known else "primary wide"}">Pay {escape(due)} with this card</button>
</form>"""
