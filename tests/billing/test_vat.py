"""VAT numbers by format and check digit; the valid ones are published by the companies that hold them."""

from __future__ import annotations

import pytest

from billing import vat
from billing.vat import BadVat, VatNumber


@pytest.mark.parametrize(
    ("country", "text", "expected"),
    [
        ("DK", "13585628", VatNumber("eu_vat", "DK13585628")),
        ("DK", "dk 13 58 56 28", VatNumber("eu_vat", "DK13585628")),
        ("DE", "DE 136,695 976".replace(",", ""), VatNumber("eu_vat", "DE136695976")),
        ("AT", "ATU13585627", VatNumber("eu_vat", "ATU13585627")),
        ("GR", "EL 094259216", VatNumber("eu_vat", "EL094259216")),
        ("NL", "NL004495445B01", VatNumber("eu_vat", "NL004495445B01")),
        ("NO", "995 525 828 MVA", VatNumber("no_vat", "995525828MVA")),
        ("GB", "GB 980 7806 84", VatNumber("gb_vat", "GB980780684")),
        ("CH", "CHE-107.787.577 IVA", VatNumber("ch_vat", "CHE-107.787.577 IVA")),
    ],
)
def test_a_number_is_read_as_people_write_it(country: str, text: str, expected: VatNumber) -> None:
    assert vat.parse(country, text) == expected


@pytest.mark.parametrize(
    ("country", "text", "why"),
    [
        ("DK", "13585627", "check digit is wrong"),
        ("NO", "995525829MVA", "check digit is wrong"),
        ("DK", "1358562", "isn't a VAT number of the country you chose. It should look like DK13585628"),
        ("DK", "DE136695976", "isn't a VAT number of the country you chose"),
        ("DE", "'; DROP TABLE", "isn't a VAT number of the country you chose"),
        ("US", "123456789", "can't be checked"),
        ("", "13585628", "can't be checked"),
    ],
)
def test_what_can_be_no_number_is_told_why(country: str, text: str, why: str) -> None:
    with pytest.raises(BadVat, match=why):
        vat.parse(country, text)


def test_every_country_of_the_union_can_be_checked() -> None:
    assert len(vat.EU_COUNTRIES) == 27
    for country in vat.EU_COUNTRIES:
        with pytest.raises(BadVat) as refusal:
            vat.parse(country, "?")
        assert "can't be checked" not in str(refusal.value)
