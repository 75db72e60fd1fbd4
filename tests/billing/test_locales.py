"""In which language amounts are written: what the browser asks for first, if it is one."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from billing.locales import locale_of


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("da-DK,da;q=0.9,en;q=0.8", "da_DK"),
        ("en;q=0.5, de", "de"),
        ("xx-YY, nb-NO;q=0.4", "nb_NO"),
        ("de;q=0, en", "en"),
        ("*", "en"),
        ("../../etc/passwd, fr-FR", "fr_FR"),
        ("de-" * 5000, "en"),
        ("q=1;q=1", "en"),
    ],
)
def test_the_first_known_language_counts(rf: RequestFactory, header: str, expected: str) -> None:
    assert locale_of(rf.get("/", headers={"Accept-Language": header})) == expected


def test_without_a_request_it_is_english() -> None:
    assert locale_of(None) == "en"
