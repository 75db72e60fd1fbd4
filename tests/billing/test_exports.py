"""What a spreadsheet is given, and what it is not; and the countries of a form."""

from __future__ import annotations

import pytest

from billing.countries import countries
from billing.exports import harmless


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_is_a_formula(start: str) -> None:
    assert harmless(f"{start}1") == f"'{start}1"


def test_a_text_stays_as_it_is() -> None:
    assert harmless("DZK-0001") == "DZK-0001"


def test_countries_are_named_and_sorted_in_the_persons_language() -> None:
    english, german = countries("en"), countries("de")
    assert dict(english)["DK"] == "Denmark"
    assert dict(german)["DK"] == "Dänemark"
    assert {code for code, _ in english} == {code for code, _ in german}
    assert not {"EU", "EZ", "UN", "ZZ", "XA"} & {code for code, _ in english}
    names = [name for _, name in english]
    assert names.index("Åland Islands") < names.index("Albania") < names.index("Zimbabwe")
