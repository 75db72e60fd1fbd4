"""docs/AUTHENTIK-SETUP.md says of the blueprints what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.conf import settings

from tests.authentik.compose import services
from tests.authentik.core import FLOW, PROVIDER
from tests.authentik.documents import ORDER, read_all, tags

_GUIDE = (Path(settings.BASE_DIR) / "docs" / "AUTHENTIK-SETUP.md").read_text(encoding="utf-8")


def words(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def cell(beginning: str) -> str:
    (row,) = re.findall(rf"^\| {re.escape(beginning)}.*? \| (.+) \|$", _GUIDE, re.MULTILINE)
    return str(row)


def fields(file: str, state: str) -> Iterable[str]:
    (blueprint,) = (blueprint for blueprint in read_all() if blueprint.file == file)
    (entry,) = (entry for entry in blueprint.entries if (entry.model, entry.state) == (PROVIDER, state))
    return entry.attrs


@pytest.mark.parametrize("file", ["dezky-portal", "operator-application"])
def test_it_tells_what_is_kept_of_a_provider_and_what_is_put_back(file: str) -> None:
    put_back = words(cell("put back each time"))
    only_for_operators = set() if file == "operator-application" else {"authentication_flow"}

    assert set(fields(file, "present")) == put_back - only_for_operators
    assert set(fields(file, "created")) - put_back == words(cell("left as it is found"))


def test_it_names_every_file_in_the_order_of_their_application() -> None:
    assert re.findall(r"^\| `([\w-]+)\.yaml` \|", _GUIDE, re.MULTILINE) == list(ORDER)
    command = re.search(r"ak apply_blueprint ((?:custom/[\w.-]+|[\s\\])+)", _GUIDE)
    assert command
    assert command[1].replace("\\", " ").split() == services()["authentik-blueprints"]["command"][1:]


def test_it_names_every_variable_that_has_to_be_given() -> None:
    (bullet,) = re.findall(r"^- Give server and worker alike (.+?)^- ", _GUIDE, re.MULTILINE | re.DOTALL)
    wanted = {
        tag.arguments[0]
        for blueprint in read_all()
        for entry in blueprint.entries
        for tag, _ in [*tags(entry.identifiers), *tags(entry.attrs)]
        if tag.name == "Env" and (len(tag.arguments) == 1 or tag.arguments[1] is None)
    }

    assert {word for word in words(bullet) if word.isupper()} == wanted


def test_the_sign_out_flows_are_those_of_the_compose_file_and_of_the_example() -> None:
    slugs = {
        entry.identifiers["slug"]
        for blueprint in read_all()
        for entry in blueprint.entries
        if entry.model == FLOW and entry.attrs.get("designation") == "invalidation"
    }
    example = (Path(settings.BASE_DIR) / ".env.example").read_text(encoding="utf-8")
    given = services()["web"]["environment"]

    assert set(re.findall(r"/if/flow/([\w-]+)/$", example, re.MULTILINE)) == slugs
    assert {given[name].split("/")[-2] for name in ("OIDC_SIGN_OUT_URL", "OPERATOR_OIDC_SIGN_OUT_URL")} == slugs
