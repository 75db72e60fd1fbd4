"""What Stripe's automatic tax does for a seller in one EU country that sells a service to businesses and people."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from devstack.payments.money import rounded

SELLER_COUNTRY = "DK"
# Standard VAT rates in percent, as text since FI has a half.
VAT_RATES: dict[str, str] = {
    "AT": "20",
    "BE": "21",
    "BG": "20",
    "CY": "19",
    "CZ": "21",
    "DE": "19",
    "DK": "25",
    "EE": "24",
    "ES": "21",
    "FI": "25.5",
    "FR": "20",
    "GR": "24",
    "HR": "25",
    "HU": "27",
    "IE": "23",
    "IT": "22",
    "LT": "21",
    "LU": "17",
    "LV": "21",
    "MT": "18",
    "NL": "21",
    "PL": "23",
    "PT": "23",
    "RO": "21",
    "SE": "25",
    "SI": "22",
    "SK": "23",
}


@dataclass(frozen=True)
class Buyer:
    """What decides the tax: the country of the address, tax ids as (type, verification status), and the exemption."""

    country: str | None
    tax_ids: tuple[tuple[str, str], ...] = ()
    exempt: str = "none"


@dataclass(frozen=True)
class Treatment:
    """How a sale is taxed: a percentage as text, and why in Stripe's words (`taxability_reason`)."""

    percentage: str
    reason: str
    country: str


def treat(buyer: Buyer, seller_country: str = SELLER_COUNTRY) -> Treatment | None:
    """Return how sales to a buyer are taxed; None where the country is not known.

    At home VAT is always charged. Elsewhere in the EU the buyer owes it (reverse charge) if a VAT id is attached that
    was not refused, else the buyer's own rate is charged. Outside the EU nothing is collected.
    """
    country = buyer.country
    if not country:
        return None
    if buyer.exempt == "exempt":
        return Treatment("0", "customer_exempt", country)
    if country not in VAT_RATES:
        return Treatment("0", "not_collecting", country)
    is_abroad = country != seller_country
    if is_abroad and (buyer.exempt == "reverse" or _has_vat_id(buyer)):
        return Treatment("0", "reverse_charge", country)
    return Treatment(VAT_RATES[country], "standard_rated", country)


def tax_on(amount: int, treatment: Treatment, currency: str) -> int:
    """Return the tax that comes on top of one line's amount."""
    return rounded(Fraction(amount) * Fraction(treatment.percentage) / 100, currency)


def _has_vat_id(buyer: Buyer) -> bool:
    return any(kind == "eu_vat" and status != "unverified" for kind, status in buyer.tax_ids)
