"""The model of authentik behaves as was measured on 2025.12.4, and our blueprints in it as they should."""

from __future__ import annotations

import pytest

from tests.authentik import core as model
from tests.authentik.core import APPLICATION, CERTIFICATE, PROVIDER, ROLE, USER, Core, NotApplied
from tests.authentik.documents import Blueprint, read, read_all
from tests.authentik.worlds import ENVIRONMENT, drifted

_HEAD = "version: 1\nmetadata: {name: Of a test}\nentries:\n"
_KEYLESS = """
  - model: authentik_providers_oauth2.oauth2provider
    identifiers: {client_id: dezky-portal}
    attrs: {signing_key: !Find [authentik_crypto.certificatekeypair, [name, not there yet]]}
"""
_FORMATTED = """
  - model: authentik_stages_redirect.redirectstage
    identifiers: {name: return}
    attrs: {mode: static, target_static: !Format ["%s/signed-out/", !Env NOWHERE]}
"""
_BARE = """
  - model: authentik_core.application
    identifiers: {slug: dezky}
    attrs: {name: Dezky, meta_launch_url: !Env NOWHERE}
"""


def of_test(entries: str) -> Blueprint:
    return read("of a test", _HEAD + entries)


def new(**without: str) -> Core:
    return model.fresh({**ENVIRONMENT, **without}, read_all())


def test_a_find_that_finds_nothing_empties_a_nullable_field_without_a_word() -> None:
    core = drifted([])

    core.apply(of_test(_KEYLESS))

    assert core.one(PROVIDER, client_id="dezky-portal")["signing_key"] is None


def test_a_missing_variable_is_the_word_none_in_a_format_and_refused_alone() -> None:
    core = model.fresh({}, [])

    core.apply(of_test(_FORMATTED))

    assert core.one("authentik_stages_redirect.redirectstage")["target_static"] == "None/signed-out/"
    with pytest.raises(NotApplied, match="None is not of type 'string'"):
        core.apply(of_test(_BARE))


def test_a_file_that_fails_leaves_nothing_behind() -> None:
    core = model.fresh({}, [])

    with pytest.raises(NotApplied):
        core.apply(of_test("  - {model: authentik_core.group, identifiers: {name: first}}\n" + _BARE))

    assert core.all("authentik_core.group") == []


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("SITE_URL", "dezky-portal"),
        ("SITE_URL", "operator-application"),
        ("PORTAL_OIDC_CLIENT_SECRET", "dezky-portal"),
        ("OPERATOR_OIDC_CLIENT_SECRET", "operator-application"),
        ("AUTHENTIK_API_TOKEN", "gate-monitor"),
    ],
)
@pytest.mark.parametrize("is_used", [False, True], ids=["new", "used"])
def test_a_file_fails_as_a_whole_without_its_variable(name: str, file: str, is_used: bool) -> None:
    blueprints = read_all()
    core = new()
    if is_used:
        for blueprint in blueprints:
            core.apply(blueprint)
    core.environment = {**ENVIRONMENT, name: ""}
    before = str(core.rows)

    with pytest.raises(NotApplied, match="None is not of type 'string'"):
        core.apply(next(blueprint for blueprint in blueprints if blueprint.file == file))

    assert str(core.rows) == before


@pytest.mark.parametrize("file", ["dezky-portal", "operator-application", "gate-monitor"])
def test_a_file_applies_alone_and_before_all_others(file: str) -> None:
    core = new()

    core.apply(next(blueprint for blueprint in read_all() if blueprint.file == file))

    assert core.all("authentik_core.group" if file == "gate-monitor" else APPLICATION) != []


def test_a_missing_certificate_fails_the_file_rather_than_the_signature() -> None:
    core = new()
    core.rows[CERTIFICATE] = []

    with pytest.raises(NotApplied, match="certificate_data is missing"):
        core.apply(next(blueprint for blueprint in read_all() if blueprint.file == "dezky-portal"))


def test_a_name_that_another_client_has_fails_the_file() -> None:
    core = new()
    for blueprint in model.shipped():
        core.apply(blueprint)
    core.add(PROVIDER, name="dezky-operator", client_id="another")

    with pytest.raises(NotApplied, match="name is taken"):
        core.apply(next(blueprint for blueprint in read_all() if blueprint.file == "operator-application"))


def test_a_new_secret_in_the_environment_is_authentiks_after_the_next_application() -> None:
    core, blueprints = new(), read_all()
    for blueprint in blueprints:
        core.apply(blueprint)

    core.environment = {**ENVIRONMENT, "OPERATOR_OIDC_CLIENT_SECRET": "another"}
    for blueprint in blueprints:
        core.apply(blueprint)

    assert core.one(PROVIDER, client_id="dezky-operator")["client_secret"] == "another"
    assert core.one(PROVIDER, client_id="dezky-portal")["client_secret"] == "portal-secret"


def test_a_permission_that_was_added_by_hand_stays() -> None:
    core, blueprints = new(), read_all()
    for blueprint in blueprints:
        core.apply(blueprint)
    core.one(ROLE)["permissions"].append("authentik_core.change_user")

    for blueprint in blueprints:
        core.apply(blueprint)

    assert "authentik_core.change_user" in core.one(ROLE)["permissions"]


def test_a_person_of_an_operators_group_stays_in_it() -> None:
    core, blueprints = new(), read_all()
    for blueprint in blueprints:
        core.apply(blueprint)
    group = core.one("authentik_core.group", name="dezky-platform-admins")
    core.add(USER, username="somebody", groups=[group["pk"]])

    for blueprint in blueprints:
        core.apply(blueprint)

    assert core.one(USER, username="somebody")["groups"] == [group["pk"]]
    assert core.one("authentik_core.group", name="dezky-platform-admins") == group
