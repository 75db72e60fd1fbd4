"""In which language a person writes amounts and country names: the first that the browser asks for and Babel knows."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from django.http import HttpRequest

DEFAULT = "en"
# Regions of CLDR that no address lies in.
_NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
_MAX_HEADER = 200
_TAG = r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}"
_QUALITY = r"[01](?:\.[0-9]{0,3})?"
_PART = re.compile(rf"\s*({_TAG})\s*(?:;\s*q\s*=\s*({_QUALITY}))?\s*", re.ASCII)


def locale_of(request: HttpRequest | None) -> str:
    """Return a Babel locale for the request's person, English where none fits."""
    if request is None:
        return DEFAULT
    wanted: list[tuple[float, int, str]] = []
    for number, part in enumerate(request.headers.get("Accept-Language", "")[:_MAX_HEADER].split(",")):
        match = _PART.fullmatch(part)
        if match:
            wanted.append((-float(match[2] or 1), number, match[1]))
    for weight, _number, name in sorted(wanted):
        found = _known(name) if weight else None
        if found:
            return found
    return DEFAULT


def _known(name: str) -> str | None:
    for candidate in (name, name.partition("-")[0]):
        try:
            return str(Locale.parse(candidate, sep="-"))
        except (UnknownLocaleError, ValueError):
            continue
    return None


@cache
def countries() -> frozenset[str]:
    """Return the two letters of every country that CLDR knows, groups and pseudo-regions left out."""
    names: Any = Locale.parse(DEFAULT).territories
    return frozenset(code for code in names if re.fullmatch("[A-Z]{2}", code)) - _NO_COUNTRIES


def is_country(code: str) -> bool:
    """Return whether a code is a country's (ISO 3166-1)."""
    return code in countries()
