"""The API as a whole: its schema, its errors, its lists."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tests.contract.identity_browser import IdentityProvider
from tests.factories import MembershipFactory, TenantFactory, UserFactory, make_event
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db


def test_the_schema_is_valid_and_without_a_warning(tmp_path: object) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=f"{tmp_path}/schema.yaml")


def test_the_fields_are_those_of_the_contract(sign_in: SignIn) -> None:
    member = MembershipFactory(role="owner")
    tenant = member.tenant
    make_event(tenant)
    browser = sign_in(member.user)
    me = browser.get("/api/v1/me").json()
    assert me == {
        "email": member.user.email,
        "name": member.user.name,
        "is_platform_admin": False,
        "is_tenant_admin": True,
        "memberships": [{"tenant": tenant.slug, "role": "owner"}],
        "partner": None,
    }
    users = browser.get(f"/api/v1/tenants/{tenant.slug}/users").json()
    assert set(users) == {"next", "previous", "results"}
    assert set(users["results"][0]) == {"id", "email", "name", "role", "source", "last_seen_at", "groups"}
    audit = browser.get(f"/api/v1/tenants/{tenant.slug}/audit").json()["results"][0]
    assert set(audit) == {
        "id", "at", "action", "actor", "on_behalf_of", "object", "changes", "reason", "ip", "outcome", "hash",
    }  # fmt: skip
    assert set(audit["actor"]) == {"type", "name", "email", "firm"}
    assert set(audit["object"]) == {"type", "id", "label"}


def test_lists_page_by_key_both_ways(sign_in: SignIn) -> None:
    tenant = TenantFactory()
    owner = MembershipFactory(tenant=tenant, role="owner", user=UserFactory(name="Aaa"))
    for number in range(5):
        MembershipFactory(tenant=tenant, user=UserFactory(name=f"Person {number}"))
    browser = sign_in(owner.user)
    seen: list[str] = []
    url = f"/api/v1/tenants/{tenant.slug}/users?limit=2"
    pages = 0
    while url:
        page = browser.get(url).json()
        seen += [row["name"] for row in page["results"]]
        url, back, pages = page["next"], page["previous"], pages + 1
    assert seen == ["Aaa", *(f"Person {number}" for number in range(5))]
    assert pages == 3
    assert [row["name"] for row in browser.get(back).json()["results"]] == ["Person 1", "Person 2"]


@pytest.mark.parametrize(
    "query", ["cursor=nonsense", "cursor=%00", "limit=0", "limit=101", "limit=x", "limit=-1", "limit=\u0663"]
)
def test_a_bad_parameter_is_a_problem(sign_in: SignIn, query: str) -> None:
    member = MembershipFactory(role="owner")
    answer = sign_in(member.user).get(f"/api/v1/tenants/{member.tenant.slug}/users?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert set(answer.json()) == {"type", "title", "status", "detail", "request_id", "errors"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/v1/me", 401),
        ("get", "/api/v1/nothing", 404),
        ("get", "/api/v1/", 404),
        ("post", "/api/v1/me", 401),
    ],
)
def test_errors_are_problems(method: str, path: str, status: int) -> None:
    answer = getattr(Client(raise_request_exception=False), method)(path)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


def test_a_500_of_the_api_is_a_problem(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_user: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("tenant_portal.api.views.describe", broken)
    answer = sign_in(UserFactory()).get("/api/v1/me")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/api/v1/tenants/acme/users", "/admin/acme/people/"])
def test_a_503_says_that_it_is_the_sign_in_service_that_is_away(
    sign_in: SignIn, provider: IdentityProvider, path: str
) -> None:
    """The page's script waits for that, and for nothing else, by itself."""
    member = MembershipFactory(role="owner", tenant=TenantFactory(slug="acme"))
    browser = sign_in(member.user, access_expires_at=timezone.now() - timedelta(minutes=1))
    provider.control("down")
    answer = browser.get(path)
    assert (answer.status_code, answer["Retry-After"], answer["X-Dezky-Away"]) == (503, "10", "identity")


def test_it_can_be_browsed(sign_in: SignIn) -> None:
    answer = sign_in(UserFactory()).get("/api/v1/me", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert b"<script>" not in answer.content


def test_what_is_sent_is_limited_to_a_megabyte(sign_in: SignIn) -> None:
    member = MembershipFactory(role="owner")
    browser = sign_in(member.user)
    for path in (f"/admin/{member.tenant.slug}/people/{member.pk}/role/", "/api/v1/me"):
        answer = browser.post(path, data=b"x" * 2_000_000, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 413
