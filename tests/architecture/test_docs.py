"""What the documents say of the code is so, where a machine can tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from config.guards import RULES

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md"))]


def test_env_example_lists_exactly_what_the_settings_read() -> None:
    read = re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config" / "settings.py").read_text())
    listed = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert listed == list(dict.fromkeys(listed))
    assert set(listed) == set(read)


def test_guards_page_has_the_rows_of_the_guard_table() -> None:
    page = (ROOT / "docs" / "explanation" / "guards.md").read_text()
    table = page.split("| namespace | audience | when identity can't be confirmed |\n|---|---|---|\n")[1]
    rows = table.split("\n\n")[0].splitlines()
    assert rows == [f"| `{name}` | {rule.audience} | {rule.failure} |" for name, rule in RULES.items()]


def test_request_flow_has_the_middleware_in_its_order() -> None:
    page = (ROOT / "docs" / "explanation" / "request-flow.md").read_text()
    named = re.findall(r"^\| \d+ \| `(\w+)` \|", page, re.MULTILINE)
    assert named == [path.rpartition(".")[2] for path in settings.MIDDLEWARE]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s#]+)[^)]*\)", page.read_text())
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []
