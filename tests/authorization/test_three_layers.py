"""Must show 1: whichever of the three layers is taken away, what is left refuses a tenant admin everywhere.

`bin/dezky prove layers` runs this. The operator's URLs are walked from the resolver, so that a new page or API
is in it the day it is made.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.enums import ClientName
from accounts.models import OIDCSession, User
from operator_portal.gates.routes import operator_api, operator_pages
from operator_portal.guards import NOT_AUTHORISED
from tests.accounts.flow import at_provider, begin, sign_in
from tests.contract.identity_browser import Browser, IdentityProvider
from tests.factories import OIDCSessionFactory, TenantFactory
from tests.fixtures.people import remember

pytestmark = [pytest.mark.proof, pytest.mark.django_db]

_ADMIN = "admin@acme.test"
_CANARY = "canary-of-another-workspace"
_METHODS = ("get", "post", "put", "patch", "delete")
_PROVIDER, _MIDDLEWARE, _VIEW = "policy unbound", "middleware out", "guard off"
_LAYERS = (_PROVIDER, _MIDDLEWARE, _VIEW)
_SOME = [frozenset(taken) for number in (0, 1, 2) for taken in combinations(_LAYERS, number)]


def take_away(
    layers: frozenset[str], provider: IdentityProvider, patch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """Take layers away as somebody would who makes a mistake; of an API, the second and third are permissions."""
    if _PROVIDER in layers:
        provider.control("configure", change="unbind_policy")
    if _MIDDLEWARE in layers:
        guard = "operator_portal.middleware.OperatorGuardMiddleware"
        settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if path != guard]
        patch.setattr("accounts.api.permissions.AudiencePermission.has_permission", lambda *_args: True)
    if _VIEW in layers:
        patch.setattr("operator_portal.mixins.is_operator", lambda _request: True)
        patch.setattr("operator_portal.api.views.OperatorPermission.has_permission", lambda *_args: True)


def tenant_admin(provider: IdentityProvider) -> User:
    """Sign the admin of a workspace in to the portal, whose groups say what they are."""
    TenantFactory(slug="acme")
    TenantFactory(slug="globex", name=_CANARY)
    assert sign_in(Client(), provider, _ADMIN).status_code == 302
    user = User.objects.get(email=_ADMIN)
    assert user.is_platform_admin is False
    return user


def through_the_provider(provider: IdentityProvider) -> Client:
    """Complete the operator client's whole OpenID Connect flow."""
    site = Client(raise_request_exception=False)
    answer = sign_in(site, provider, _ADMIN, "operator")
    assert (answer.status_code, answer["Location"]) == (302, "/operator/")
    return site


def with_a_session_nobody_gave(user: User) -> Client:
    """Return a browser with an operator session that the provider never granted: as if its policy had been passed."""
    site = Client(raise_request_exception=False)
    remember(site, OIDCSessionFactory(user=user, client="operator"))
    return site


def is_denied_by_the_provider(provider: IdentityProvider) -> bool:
    """Return whether the first layer keeps the admin: the flow ends at its own page, without a code."""
    browser = Browser(provider)
    target = begin(Client(), "operator").removeprefix(provider.url)
    answer = browser.choose(browser.get(target).location, _ADMIN)
    return (answer.status, "Permission denied" in answer.text) == (200, True)


def asked(site: Client) -> dict[str, Any]:
    """Ask every operator URL by every method; return the answers by what was asked."""
    routes = [*operator_pages(), *operator_api()]
    return {f"{method} {route.name}": getattr(site, method)(route.path) for route in routes for method in _METHODS}


def refusal(answer: Any) -> str:
    """Return in a word how an answer refuses; anything else as it is."""
    if _CANARY in answer.content.decode():
        return "shows data"
    if answer.status_code == 302 and answer.headers["Location"] == NOT_AUTHORISED:
        return "not authorised"
    return "forbidden" if answer.status_code == 403 else str(answer.status_code)


def refused_everywhere() -> dict[str, str]:
    """Return the one right answer for each thing that is asked."""
    right = [(operator_pages(), "not authorised"), (operator_api(), "forbidden")]
    return {f"{method} {route.name}": word for routes, word in right for route in routes for method in _METHODS}


@pytest.mark.parametrize("taken", _SOME, ids=lambda taken: " and ".join(sorted(taken)) or "nothing")
def test_what_is_left_of_the_layers_refuses_a_tenant_admin_on_every_operator_url(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch, settings: Settings, taken: frozenset[str]
) -> None:
    user = tenant_admin(provider)
    take_away(taken, provider, monkeypatch, settings)
    if _PROVIDER in taken:
        site = through_the_provider(provider)
        claims = OIDCSession.objects.alive().filter(user=user, client=ClientName.OPERATOR)
        assert claims.count() == 1
    else:
        assert is_denied_by_the_provider(provider)
        site = with_a_session_nobody_gave(user)
    if taken == {_MIDDLEWARE, _VIEW}:
        return  # the first layer alone is left: it gives no session, and nothing behind it would refuse one
    assert {name: refusal(answer) for name, answer in asked(site).items()} == refused_everywhere()


def test_without_any_layer_the_tenant_admin_would_see_every_workspace(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """So the test above can fail: with all three away, the very same way in leads to the data."""
    tenant_admin(provider)
    take_away(frozenset(_LAYERS), provider, monkeypatch, settings)
    site = through_the_provider(provider)
    assert refusal(site.get("/operator/tenants/")) == "shows data"
    assert refusal(site.get("/api/v1/operator/tenants")) == "shows data"


@pytest.mark.parametrize("taken", [_MIDDLEWARE, _VIEW])
def test_either_guard_of_ours_alone_refuses_with_the_other_away(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch, settings: Settings, taken: str
) -> None:
    """And the demoted operator: whoever was one when the session began is none by the database's word."""
    user = tenant_admin(provider)
    User.objects.filter(pk=user.pk).update(is_platform_admin=True)
    site = with_a_session_nobody_gave(user)
    take_away(frozenset({taken}), provider, monkeypatch, settings)
    assert refusal(site.get("/operator/tenants/")) == "shows data"  # an operator, as long as the database says so
    User.objects.filter(pk=user.pk).update(is_platform_admin=False)
    assert {name: refusal(answer) for name, answer in asked(site).items()} == refused_everywhere()


def test_the_walk_finds_the_pages_and_the_api() -> None:
    """A walk that finds nothing would prove nothing."""
    names = {route.name for route in [*operator_pages(), *operator_api()]}
    assert {
        "operator:overview",
        "operator:tenants",
        "operator:gates",
        "api:operator-tenants",
        "api:operator-gates",
    } <= names
    assert all(name.startswith(("operator:", "api:operator")) for name in names)


def test_a_code_for_the_operators_callback_is_what_the_policy_withholds(provider: IdentityProvider) -> None:
    """The first layer is a real one: the same steps give a code as soon as the policy is unbound."""
    TenantFactory(slug="acme")
    assert is_denied_by_the_provider(provider)
    provider.control("configure", change="unbind_policy")
    assert "code=" in at_provider(provider, begin(Client(), "operator"), _ADMIN)
