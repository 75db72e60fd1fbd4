"""Invoices as lines of a CSV file (RFC 4180) that no spreadsheet takes for a formula (T6)."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from billing.models import Invoice

PAGE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "number",
    "created_at",
    "due_at",
    "paid_at",
    "status",
    "currency",
    "total",
    "tax",
    "paid",
    "refunded",
    "remaining",
)


def header() -> str:
    """Return the first line."""
    return _line(list(_COLUMNS))


def line(invoice: Invoice) -> str:
    """Return an invoice's line; amounts are in the currency's main unit, times are UTC."""
    return _line(
        [
            harmless(str(invoice)),
            _moment(invoice.created_at),
            _moment(invoice.due_at),
            _moment(invoice.paid_at),
            harmless(invoice.status_label),
            invoice.currency.upper(),
            *(str(amount.major) for amount in (invoice.total, invoice.tax, invoice.paid, invoice.refunded)),
            str(invoice.remaining.major),
        ]
    )


def harmless(text: str) -> str:
    """Return a text that a spreadsheet takes for a text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _moment(value: datetime | None) -> str:
    return value.isoformat(timespec="seconds") if value else ""


def _line(cells: list[str]) -> str:
    kept = io.StringIO()
    csv.writer(kept).writerow(cells)
    return kept.getvalue()
