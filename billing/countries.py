"""The countries that a company can be in, named in the language of whoever reads them."""

from __future__ import annotations

import unicodedata
from functools import cache

from babel import Locale

# CLDR's regions of two letters that are no country of ISO 3166.
_NO_COUNTRY = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])
_LETTERS = 2


@cache
def countries(locale: str) -> list[tuple[str, str]]:
    """Return codes and names, by name."""
    names = Locale.parse(locale).territories
    found = [
        (code, str(name)) for code, name in names.items() if len(code) == _LETTERS and code.isalpha() and code.isupper()
    ]
    return sorted(((code, name) for code, name in found if code not in _NO_COUNTRY), key=lambda each: _order(each[1]))


def _order(name: str) -> str:
    """Return a name without its accents, so that Åland stands with A."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return plain.casefold()
