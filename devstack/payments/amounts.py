"""Amounts as people read them; the API counts in a currency's smallest unit."""

from __future__ import annotations

_SIGNS = {"eur": "€", "usd": "$", "gbp": "£", "jpy": "¥"}
_NO_DECIMALS = frozenset({"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf"})
_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# They have no smaller unit in use, and are still counted in hundredths.
_IN_HUNDREDTHS = frozenset({"isk", "ugx"})


def format_amount(minor: int, currency: str) -> str:
    """Return an amount with its currency: `€1,284.00`, `¥1,200`, `KWD 1.230`; less than nothing has a minus."""
    code = currency.lower()
    decimals = 0 if code in _NO_DECIMALS else 3 if code in _THREE_DECIMALS else 2
    whole, part = divmod(abs(minor), 10**decimals)
    number = f"{whole:,}"
    if decimals and not (code in _IN_HUNDREDTHS and part == 0):
        number += f".{part:0{decimals}d}"
    sign = "−" if minor < 0 else ""  # noqa: RUF001 - a minus sign, not a hyphen
    return f"{sign}{_SIGNS[code]}{number}" if code in _SIGNS else f"{sign}{code.upper()} {number}"
