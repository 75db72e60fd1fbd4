"""The PDF of an invoice is one that a reader can read, and says what the invoice says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from devstack.payments.amounts import format_amount
from devstack.payments.invoice_pdf import to_pdf

_JANUARY, _FEBRUARY = 1767225600, 1769904000  # 1 January and 1 February 2026


def _line(description: str, amount: int, quantity: int = 1) -> dict[str, Any]:
    period = {"start": _JANUARY, "end": _FEBRUARY}
    return {"description": description, "amount": amount, "quantity": quantity, "period": period}


def _invoice(*lines: dict[str, Any], **changed: Any) -> dict[str, Any]:
    subtotal = sum(line["amount"] for line in lines)
    return {
        "id": "in_1",
        "number": "ACME-0001",
        "status": "open",
        "currency": "eur",
        "created": _JANUARY,
        "account_name": "Dezky",
        "customer_name": "Acme (Studio) \\ Łódź",
        "customer_email": "owner@acme.test",
        "customer_address": {"line1": "Nøstegaten 42", "postal_code": "5011", "city": "Bergen", "country": "NO"},
        "customer_tax_ids": [{"type": "eu_vat", "value": "DK12345678"}],
        "lines": {"data": list(lines)},
        "subtotal": subtotal,
        "total_taxes": [{"amount": 5, "taxable_amount": 20, "taxability_reason": "standard_rated"}],
        "total": subtotal + 5,
        "amount_due": subtotal + 5,
        "amount_remaining": subtotal + 5,
    } | changed


def _texts(pdf: bytes) -> list[str]:
    shown = re.findall(rb"\(((?:\\.|[^\\()])*)\) Tj", pdf)
    return [re.sub(r"\\(.)", r"\1", text.decode("cp1252")) for text in shown]


def test_every_object_begins_where_the_table_says() -> None:
    pdf = to_pdf(_invoice(_line("60 x Business", 102000, 60)))
    assert pdf.startswith(b"%PDF-1.4\n")
    assert pdf.endswith(b"%%EOF\n")
    table_at = int(pdf.rsplit(b"startxref\n", 1)[1].split()[0])
    assert pdf[table_at:].startswith(b"xref\n0 ")
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", pdf[table_at:])]
    for number, place in enumerate(places, 1):
        assert pdf[place:].startswith(b"%d 0 obj" % number)
    for length, stream in re.findall(rb"<< /Length (\d+) >>\nstream\n(.*?)\nendstream", pdf, re.DOTALL):
        assert len(stream) == int(length)


def test_it_says_number_parties_lines_taxes_and_totals() -> None:
    texts = _texts(to_pdf(_invoice(_line("60 x Business", 102000, 60))))
    for text in (
        "ACME-0001",
        "1 January 2026",
        "Acme (Studio) \\ Lódz",
        "Nøstegaten 42",
        "5011 Bergen",
        "EU VAT DK12345678",
        "60 x Business",
        "60",
        "VAT (25%)",
        "€1,020.05",
        "€1,020.05 due",
        "1 January 2026 to 1 February 2026",
    ):
        assert text in texts


def test_reverse_charge_and_used_balance_are_named() -> None:
    taxes = [{"amount": 0, "taxable_amount": 5000, "taxability_reason": "reverse_charge"}]
    invoice = _invoice(_line("Seats", 5000), total_taxes=taxes, total=5000, amount_due=3000, amount_remaining=3000)
    texts = _texts(to_pdf(invoice))
    assert "Tax to be paid on reverse charge basis" in texts
    assert texts[texts.index("Applied balance") + 1] == "-€20.00"
    assert texts[-1] == "€30.00"


def test_many_lines_go_on_over_pages() -> None:
    pdf = to_pdf(_invoice(*[_line(f"Line {number}", 100) for number in range(80)]))
    pages = int(re.search(rb"/Count (\d+)", pdf)[1])  # type: ignore[index]
    assert pages > 1
    assert pdf.count(b"/Type /Page ") == pages
    texts = _texts(pdf)
    assert [f"Line {number}" in texts for number in range(80)] == [True] * 80


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (128400, "eur", "€1,284.00"),
        (1200, "JPY", "¥1,200"),
        (1230, "kwd", "KWD 1.230"),
        (120000, "isk", "ISK 1,200"),
        (-500, "usd", "\u2212$5.00"),
        (5, "gbp", "£0.05"),
        (0, "dkk", "DKK 0.00"),
    ],
)
def test_amounts_read_as_people_write_them(minor: int, currency: str, text: str) -> None:
    assert format_amount(minor, currency) == text
