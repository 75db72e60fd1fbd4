"""The identity stand-in's API v3 and flow executor answer as authentik's do, and its gate obeys its configuration."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from .identity_browser import MONITOR, Answer, Browser, IdentityProvider

OPERATOR, OUTSIDER = MONITOR["AUTHENTIK_PROBE_OPERATOR"], MONITOR["AUTHENTIK_PROBE_OUTSIDER"]
EXECUTOR = "/api/v3/flows/executor/default-authentication-flow/?query="


def ask(provider: IdentityProvider, path: str, token: str = MONITOR["AUTHENTIK_API_TOKEN"]) -> Answer:
    return provider.get(f"/api/v3/{path}", Authorization=f"Bearer {token}")


def results(provider: IdentityProvider, path: str) -> list[dict[str, Any]]:
    found = ask(provider, path).json["results"]
    assert isinstance(found, list)
    return found


def pk_of(provider: IdentityProvider, username: str) -> int:
    (account,) = results(provider, f"core/users/?username={username}")
    pk = account["pk"]
    assert isinstance(pk, int)
    return pk


def may_open(provider: IdentityProvider, username: str, slug: str = "dezky-operator") -> bool:
    found = results(provider, f"core/applications/?slug={slug}&for_user={pk_of(provider, username)}")
    return [row["slug"] for row in found] == [slug]


@pytest.mark.parametrize("token", ["", "wrong", "monitor-token-and-more"])
def test_without_the_monitors_token_everything_is_403(identity_provider: IdentityProvider, token: str) -> None:
    answer = ask(identity_provider, "core/applications/dezky-operator/", token)
    assert (answer.status, answer.json) == (403, {"detail": "Token invalid/expired"})
    assert identity_provider.get("/api/v3/core/groups/").status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_monitor_can_write_nothing(identity_provider: IdentityProvider, method: str) -> None:
    headers = {"Authorization": f"Bearer {MONITOR['AUTHENTIK_API_TOKEN']}"}
    path = "/api/v3/core/applications/dezky-operator/"
    assert identity_provider.request(method, path, "{}", headers).status == 403


def test_a_list_comes_in_pages(identity_provider: IdentityProvider) -> None:
    first = ask(identity_provider, "core/users/?page_size=5").json
    assert (len(first["results"]), first["pagination"]["next"], first["pagination"]["count"]) == (5, 2, 16)
    last = ask(identity_provider, "core/users/?page_size=5&page=4").json
    assert (len(last["results"]), last["pagination"]["next"], last["pagination"]["end_index"]) == (1, 0, 16)
    assert ask(identity_provider, "core/users/?page=9").status == 404


def test_an_application_names_its_provider_but_no_secret(identity_provider: IdentityProvider) -> None:
    answer = ask(identity_provider, "core/applications/dezky-operator/")
    assert (answer.json["policy_engine_mode"], answer.json["provider_obj"]["name"]) == ("all", "dezky-operator")
    provider = ask(identity_provider, f"providers/all/{answer.json['provider']}/")
    assert provider.json["assigned_application_slug"] == "dezky-operator"
    assert {"client_secret", "client_id", "redirect_uris", "signing_key"} & set(provider.json) == set()
    assert "operator-secret" not in answer.text + provider.text
    assert ask(identity_provider, "core/applications/none-such/").status == 404


def test_the_binding_leads_to_the_policy_and_its_expression(identity_provider: IdentityProvider) -> None:
    target = ask(identity_provider, "core/applications/dezky-operator/").json["pk"]
    (binding,) = results(identity_provider, f"policies/bindings/?target={target}")
    (policy,) = results(identity_provider, "policies/expression/?name=dezky-operator-platform-admins")
    assert binding["policy"] == policy["pk"]
    assert [binding[name] for name in ("enabled", "negate", "failure_result", "group", "user")] == [
        *(True, False, False),
        *(None, None),
    ]
    assert 'ak_is_group_member(request.user, name="dezky-platform-admins")' in policy["expression"]
    assert results(identity_provider, "policies/bindings/?target=00000000-0000-0000-0000-000000000000") == []
    assert len(results(identity_provider, "core/groups/?name=dezky-platform-admins")) == 1


def test_for_user_lists_what_that_person_may_open(identity_provider: IdentityProvider) -> None:
    assert may_open(identity_provider, OPERATOR)
    assert not may_open(identity_provider, OUTSIDER)
    assert may_open(identity_provider, OUTSIDER, "dezky-portal")
    assert ask(identity_provider, "core/applications/?for_user=99999").status == 400
    # Without it the list holds what the monitor itself may open, which is in no group.
    assert [row["slug"] for row in results(identity_provider, "core/applications/")] == ["dezky-portal"]


# Whether the probe outsider and the probe operator are let in after each change.
EFFECTS = {
    "unbind_policy": (True, True),
    "disable_binding": (True, True),
    "expression": (True, True),
    "engine_mode": (False, True),
    "second_binding": (False, False),
    "engine_mode_any_with_second_binding": (False, True),
    "negate": (True, False),
    "failure_result": (False, True),
    "redirect_uri": (False, True),
    "signing_key": (False, True),
    "rename_group": (False, False),
}


@pytest.mark.parametrize("change", EFFECTS)
def test_the_gate_obeys_what_is_configured(identity_provider: IdentityProvider, change: str) -> None:
    identity_provider.control("configure", change=change)
    assert (may_open(identity_provider, OUTSIDER), may_open(identity_provider, OPERATOR)) == EFFECTS[change]
    identity_provider.control("reset")
    assert (may_open(identity_provider, OUTSIDER), may_open(identity_provider, OPERATOR)) == (False, True)


def test_with_mode_any_members_of_either_group_get_in(identity_provider: IdentityProvider, browser: Browser) -> None:
    identity_provider.control("configure", change="engine_mode_any_with_second_binding")
    assert len(browser.code("admin@acme.test", "dezky-operator")) == 32
    assert (
        "Permission denied"
        in Browser(identity_provider)
        .choose(Browser(identity_provider).authorize("dezky-operator").location, "member@acme.test")
        .text
    )


def test_without_the_policy_a_tenant_admin_gets_the_whole_flow_with_its_factor(
    identity_provider: IdentityProvider, browser: Browser
) -> None:
    identity_provider.control("configure", change="unbind_policy")
    tokens = browser.tokens("admin@acme.test", "dezky-operator")
    claims = identity_provider.verify(tokens["id_token"], "dezky-operator")
    assert (claims["email"], claims["amr"]) == ("admin@acme.test", ["pwd", "mfa"])


def test_a_loosened_redirect_uri_takes_the_code_elsewhere(
    identity_provider: IdentityProvider, browser: Browser
) -> None:
    elsewhere = f"{identity_provider.site_url}/oidc/operator/elsewhere/"
    assert browser.authorize("dezky-operator", redirect_uri=elsewhere).status == 400
    identity_provider.control("configure", change="redirect_uri")
    assert browser.authorize("dezky-operator", redirect_uri=elsewhere).status == 302


def test_without_a_signing_key_tokens_are_hs256_and_the_key_set_is_empty(
    identity_provider: IdentityProvider, browser: Browser
) -> None:
    identity_provider.control("configure", change="signing_key")
    issuer = urlsplit(identity_provider.issuer("dezky-operator")).path
    document = identity_provider.get(f"{issuer}.well-known/openid-configuration").json
    assert document["id_token_signing_alg_values_supported"] == ["HS256"]
    assert identity_provider.get(f"{issuer}jwks/").json == {}
    assert identity_provider.get("/application/o/dezky-portal/jwks/").json["keys"]


def test_an_unknown_change_is_refused(identity_provider: IdentityProvider) -> None:
    message = json.dumps({"action": "configure", "change": "everything"})
    assert identity_provider.request("POST", "/_control", message).status == 400


def post(browser: Browser, **given: str) -> Answer:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"Content-Type": "application/json", "Cookie": cookies}
    return browser.provider.request("POST", EXECUTOR, json.dumps(given), headers)


def test_a_probe_signs_in_by_the_flow_executor(browser: Browser) -> None:
    assert browser.get(EXECUTOR).json["component"] == "ak-stage-identification"
    assert post(browser, component="ak-stage-identification", uid_field=OPERATOR).location == EXECUTOR
    assert browser.get(EXECUTOR).json["component"] == "ak-stage-password"
    wrong = post(browser, component="ak-stage-password", password="guess").json
    assert wrong["response_errors"]["password"][0]["code"] == "invalid"
    right = MONITOR["AUTHENTIK_PROBE_OPERATOR_PASSWORD"]
    assert post(browser, component="ak-stage-password", password=right).location == EXECUTOR
    assert browser.get(EXECUTOR).json == {"component": "xak-flow-redirect", "to": "/"}
    assert "code" in browser.authorize("dezky-operator", prompt="none").location_query
    assert browser.get("/api/v3/flows/executor/dezky-operator-sign-out/?query=").status == 200
    assert browser.authorize("dezky-operator", prompt="none").location_query["error"] == "login_required"


def test_people_of_the_demo_have_no_password_to_guess(browser: Browser) -> None:
    browser.get(EXECUTOR)
    post(browser, component="ak-stage-identification", uid_field="operator@dezky.test")
    assert "response_errors" in post(browser, component="ak-stage-password", password="").json
