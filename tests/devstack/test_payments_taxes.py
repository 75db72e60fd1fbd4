"""The automatic tax of the payments stand-in, for a seller in Denmark, by hand."""

from __future__ import annotations

import pytest

from devstack.payments.taxes import VAT_RATES, Buyer, Treatment, tax_on, treat

_VAT = (("eu_vat", "verified"),)


@pytest.mark.parametrize(
    ("buyer", "percentage", "reason"),
    [
        # Home is charged, VAT id or not.
        (Buyer("DK"), "25", "standard_rated"),
        (Buyer("DK", _VAT), "25", "standard_rated"),
        # Elsewhere in the EU: the buyer's rate, or nothing with a VAT id.
        (Buyer("DE"), "19", "standard_rated"),
        (Buyer("FI"), "25.5", "standard_rated"),
        (Buyer("DE", _VAT), "0", "reverse_charge"),
        (Buyer("DE", (("eu_vat", "pending"),)), "0", "reverse_charge"),
        (Buyer("DE", (("eu_vat", "unavailable"),)), "0", "reverse_charge"),
        (Buyer("DE", (("eu_vat", "unverified"),)), "19", "standard_rated"),
        (Buyer("DE", (("no_vat", "verified"),)), "19", "standard_rated"),
        (Buyer("DE", (("eu_vat", "unverified"), ("eu_vat", "verified"))), "0", "reverse_charge"),
        # Outside the EU nothing is collected.
        (Buyer("NO"), "0", "not_collecting"),
        (Buyer("CH"), "0", "not_collecting"),
        (Buyer("GB", (("gb_vat", "verified"),)), "0", "not_collecting"),
        (Buyer("US"), "0", "not_collecting"),
        # What the customer's record says.
        (Buyer("DK", exempt="exempt"), "0", "customer_exempt"),
        (Buyer("SE", exempt="reverse"), "0", "reverse_charge"),
    ],
)
def test_who_pays_which_tax(buyer: Buyer, percentage: str, reason: str) -> None:
    assert treat(buyer) == Treatment(percentage, reason, buyer.country or "")


def test_without_a_country_nothing_is_known() -> None:
    assert treat(Buyer(None)) is None
    assert treat(Buyer("")) is None


def test_another_home_turns_the_borders_round() -> None:
    assert treat(Buyer("DK", _VAT), "DE") == Treatment("0", "reverse_charge", "DK")
    assert treat(Buyer("DE", _VAT), "DE") == Treatment("19", "standard_rated", "DE")


def test_every_country_of_the_union_has_a_rate() -> None:
    assert len(VAT_RATES) == 27


@pytest.mark.parametrize(
    ("amount", "percentage", "currency", "expected"),
    [
        (1700, "25", "eur", 425),
        # 333 * 0.19 = 63.27; -333 gives back what 333 took.
        (333, "19", "eur", 63),
        (-333, "19", "eur", -63),
        # 1000 * 0.255 = 255 exactly; 1 * 0.255 = 0.255; 2 * 0.25 = 0.5, which goes up.
        (1000, "25.5", "eur", 255),
        (1, "25.5", "eur", 0),
        (2, "25", "eur", 1),
        # 1930 * 0.25 = 482.5 = 48.25 tens; 88400 * 0.255 = 22542 = 225.42 krona; 397 * 0.25 = 99.25 yen.
        (1930, "25", "kwd", 480),
        (88400, "25.5", "isk", 22500),
        (397, "25", "jpy", 99),
    ],
)
def test_tax_comes_on_top_of_a_line(amount: int, percentage: str, currency: str, expected: int) -> None:
    assert tax_on(amount, Treatment(percentage, "standard_rated", "DK"), currency) == expected
