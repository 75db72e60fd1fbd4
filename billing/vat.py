"""VAT numbers: format and check digit of each country, and what Stripe calls their type.

The registers themselves are asked by Stripe, later; here a typing mistake is found while the form is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stdnum.ch import vat as ch_vat
from stdnum.eu.vat import MEMBER_STATES
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.util import get_cc_module

# Country, Stripe's type (https://docs.stripe.com/billing/customer/tax-ids), python-stdnum's module.
_OUTSIDE_EU = {
    "NO": ("no_vat", "mva"),
    "CH": ("ch_vat", "vat"),
    "GB": ("gb_vat", "vat"),
    "IS": ("is_vat", "vsk"),
    "AU": ("au_abn", "abn"),
    "NZ": ("nz_gst", "ird"),
    "CA": ("ca_bn", "bn"),
    "TR": ("tr_tin", "vkn"),
    "ZA": ("za_vat", "tin"),
    "JP": ("jp_cn", "cn"),
    "KR": ("kr_brn", "brn"),
    "SG": ("sg_uen", "uen"),
    "IN": ("in_gst", "gstin"),
    "RS": ("rs_pib", "pib"),
    "UA": ("ua_vat", "edrpou"),
}
EU_COUNTRIES = frozenset(code.upper() for code in MEMBER_STATES) - {"XI"}
_EU_PREFIX = {"GR": "EL"}


class BadVat(ValueError):
    """The number can't be one of this country; the message says what to look at."""


@dataclass(frozen=True)
class VatNumber:
    """A number as Stripe takes it."""

    type: str
    value: str


def is_known(country: str) -> bool:
    """Return whether numbers of a country can be checked and sent."""
    return country in EU_COUNTRIES or country in _OUTSIDE_EU


def parse(country: str, text: str) -> VatNumber:
    """Return a number in its compact form.

    Raises:
        BadVat: wrong length, letters or check digit, or a country whose numbers we don't know.
    """
    cleaned = "".join(text.upper().split()).replace("-", "").replace(".", "").replace("/", "")
    if country in EU_COUNTRIES:
        prefix = _EU_PREFIX.get(country, country)
        bare = cleaned.removeprefix(prefix)
        return VatNumber("eu_vat", prefix + _checked(country, bare, get_cc_module(country, "vat")))
    if country not in _OUTSIDE_EU:
        raise BadVat("VAT numbers of this country can't be checked. Leave the field empty and write to us.")
    kind, name = _OUTSIDE_EU[country]
    return VatNumber(kind, _stripes(country, _checked(country, cleaned, get_cc_module(country, name))))


def _checked(country: str, number: str, module: Any) -> str:
    if module is None:
        raise BadVat("VAT numbers of this country can't be checked. Leave the field empty and write to us.")
    try:
        return str(module.validate(number))
    except InvalidChecksum as error:
        raise BadVat("This number's check digit is wrong. Look for a typing mistake.") from error
    except ValidationError as error:
        example = _EXAMPLES.get(country)
        hint = f" It should look like {example}." if example else ""
        raise BadVat(f"This isn't a VAT number of the country you chose.{hint}") from error


def _stripes(country: str, number: str) -> str:
    """Return a number in the spelling that Stripe asks for where it isn't the compact one."""
    if country == "CH":
        return str(ch_vat.format(number))
    if country == "GB":
        return f"GB{number.removeprefix('GB')}"
    if country == "NO":
        return f"{number.removesuffix('MVA')}MVA"
    return number


_EXAMPLES = {
    "AT": "ATU13585627",
    "BE": "BE0428759497",
    "CH": "CHE107787577IVA",
    "DE": "DE136695976",
    "DK": "DK13585628",
    "ES": "ESB58378431",
    "FI": "FI20774740",
    "FR": "FR40303265045",
    "GB": "GB980780684",
    "IE": "IE6433435F",
    "IT": "IT00743110157",
    "NL": "NL004495445B01",
    "NO": "995525828MVA",
    "PL": "PL8567346215",
    "SE": "SE123456789701",
}
