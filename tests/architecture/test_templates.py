"""Templates: every one can be read, and every partial that a view names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.urls import get_resolver

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(str(file.relative_to(ROOT / "templates")) for file in (ROOT / "templates").rglob("*.html"))
_URL = re.compile(r"""\{%\s*url\s+['"]([\w:-]+)['"]""")
_PARTIAL = re.compile(r"""["']([\w/]+\.html)#(\w+)["']""")


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_parses(name: str) -> None:
    assert get_template(name) is not None


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_urls_that_a_template_names_are_there(name: str) -> None:
    resolver = get_resolver()
    for url in _URL.findall((ROOT / "templates" / name).read_text()):
        namespace, _, rest = url.rpartition(":")
        assert namespace in resolver.namespace_dict
        assert rest in resolver.namespace_dict[namespace][1].reverse_dict


def test_the_partials_that_views_name_are_there() -> None:
    named = {
        (template, partial)
        for file in ROOT.glob("*/**/*.py")
        if file.relative_to(ROOT).parts[0] not in {"tests", ".venv", "devstack"}
        for template, partial in _PARTIAL.findall(file.read_text())
    }
    for template, partial in sorted(named):
        assert get_template(f"{template}#{partial}") is not None
