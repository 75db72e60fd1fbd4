"""Money: whole minor units and a currency, never a float, never two currencies in one sum."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from babel import Locale

# Digits after the point in what Stripe sends, where they are not two (https://docs.stripe.com/currencies).
_ZERO = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_THREE = "bhd jod kwd omr tnd"
# ISK and UGX are sent times 100 though they have no smaller unit: written without decimals. Of others that CLDR
# writes so, as RSD, Stripe charges hundredths.
_WHOLE = frozenset({"isk", "ugx"})
_LETTER_BEFORE_FIGURE = re.compile(r"(?<=[A-Za-z])(?=[0-9])")
_DIGITS = {**dict.fromkeys(_ZERO.split(), 0), **dict.fromkeys(_THREE.split(), 3)}


@dataclass(frozen=True, order=True)
class Money:
    """An amount of one currency in Stripe's smallest unit; the currency is in lower case, as Stripe writes it."""

    currency: str
    minor: int

    def __add__(self, other: Money) -> Money:
        """Add; amounts of two currencies have no sum.

        Raises:
            ValueError: the currencies differ.
        """
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} have no sum")
        return Money(self.currency, self.minor + other.minor)

    @property
    def major(self) -> Decimal:
        """Return the amount in the currency's main unit, exactly."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    def format(self, locale: str = "en") -> str:
        """Return the amount as a person of `locale` writes it."""
        digits = 0 if self.currency in _WHOLE else minor_digits(self.currency)
        return self._written(locale, digits)

    def format_round(self, locale: str = "en") -> str:
        """Return the amount without its decimals, as on the axis of a chart."""
        return self._written(locale, 0)

    def _written(self, locale: str, digits: int) -> str:
        # A copy, since Babel keeps one pattern for all threads.
        pattern = copy.copy(Locale.parse(locale).currency_formats["standard"])
        pattern.frac_prec = (digits, digits)
        text = pattern.apply(self.major, locale, currency=self.currency.upper(), currency_digits=False)
        # CLDR puts a space between a currency's letters and a figure; Babel 2.18 leaves it out.
        return _LETTER_BEFORE_FIGURE.sub("\xa0", text)


def minor_digits(currency: str) -> int:
    """Return how many digits of Stripe's amounts stand after the point."""
    return _DIGITS.get(currency.lower(), 2)


def round_half_up(value: Fraction) -> int:
    """Return the nearest integer; a half goes away from zero, as Stripe rounds."""
    sign = -1 if value < 0 else 1
    return sign * ((abs(value) * 2 + 1) // 2)
