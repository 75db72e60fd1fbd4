"""How Stripe writes and rounds money: whole minor units, with the few currencies that have coarser steps."""

from __future__ import annotations

from fractions import Fraction

# https://docs.stripe.com/currencies: no decimals; amounts are whole units.
_WITHOUT_DECIMALS = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
# Three decimals of which the last must be 0.
_WITH_THREE_DECIMALS = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
# Without decimals since, but still sent times 100.
_WHOLE_IN_HUNDREDTHS = frozenset(("isk", "ugx"))
# What a charge must come to (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts), where it is said.
_LEAST_CHARGES = {
    "aud": 50,
    "bgn": 100,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "huf": 17500,
    "jpy": 50,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "usd": 50,
}
_SYMBOLS = {"eur": "€", "gbp": "£", "jpy": "¥", "usd": "$"}


def step(currency: str) -> int:
    """Return the least difference between two amounts, in minor units as Stripe sends them."""
    if currency in _WITH_THREE_DECIMALS:
        return 10
    return 100 if currency in _WHOLE_IN_HUNDREDTHS else 1


def rounded(amount: Fraction | int, currency: str) -> int:
    """Return an amount in whole steps; a half is rounded away from zero."""
    size = step(currency)
    steps = abs(Fraction(amount)) / size
    whole = (2 * steps.numerator + steps.denominator) // (2 * steps.denominator)
    return (whole if amount >= 0 else -whole) * size


def settled(total: int, balance: int, currency: str) -> tuple[int, int]:
    """Return what is due for an invoice and the customer's balance after it; a negative balance is a credit.

    A credit is used up, a negative total adds to it, and what is too little to charge is owed until the next time.
    """
    owed = total + balance
    if owed <= 0 or total < 0 or owed < _LEAST_CHARGES.get(currency, 0):
        return 0, owed
    return owed, 0


def shown(amount: Fraction | int, currency: str) -> str:
    """Return an amount as Stripe's descriptions show it, such as €17.00, ¥1,700 or KWD 5.250."""
    decimals = 0 if currency in _WITHOUT_DECIMALS else 3 if currency in _WITH_THREE_DECIMALS else 2
    scaled = Fraction(amount) / 10**decimals
    if currency in _WHOLE_IN_HUNDREDTHS:
        decimals = 0
    text = f"{abs(scaled):,.{decimals}f}"
    sign = "-" if amount < 0 else ""
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{text}" if symbol else f"{sign}{currency.upper()} {text}"
