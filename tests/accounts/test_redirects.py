"""Where a sign-in may lead (A11)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.clients import client_of_path, get_client
from accounts.redirects import safe_next

HOSTILE = [
    "https://evil.test/",
    "http://evil.test/",
    "//evil.test/",
    "///evil.test/",
    "/\\evil.test/",
    "\\\\evil.test/",
    "/%5cevil.test/",
    "/%2f%2fevil.test/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "/\tevil.test/",
    "/\nme/",
    "/me/\r\nSet-Cookie: x=1",
    "/me/%0d%0aSet-Cookie: x=1",
    "/oidc/portal/logout/",
    "/oidc/portal/login/?next=/",
    "/session/refresh/",
    "/operator/",
    "/operator/not-authorised/",
    "/api/v1/me",
    "/healthz",
    "/no-such-page/",
    "/me/../oidc/portal/logout/",
    "/m\u0435/",
    "/" + "a" * 3000,
    " /me/",
    "",
    "me/",
    "?next=/",
]


@pytest.mark.parametrize("raw", HOSTILE)
def test_a11_a_hostile_next_leads_to_the_first_page(raw: str) -> None:
    assert safe_next(raw, get_client("portal")) == "/"


@pytest.mark.parametrize("raw", ["/", "/me/", "/admin/acme/people/?q=a&role=owner", "/partner/", "/support/"])
def test_a_page_of_the_portal_is_kept(raw: str) -> None:
    assert safe_next(raw, get_client("portal")) == raw


def test_the_operators_sign_in_leads_to_operators_pages_alone() -> None:
    operator = get_client("operator")
    assert safe_next("/operator/tenants/?q=x", operator) == "/operator/tenants/?q=x"
    assert safe_next("/admin/acme/", operator) == "/operator/"


def test_both_clients_can_come_back_to_the_page_that_waits() -> None:
    assert [safe_next("/session/done/", get_client(name)) for name in ("portal", "operator")] == ["/session/done/"] * 2


@given(st.text())
def test_whatever_is_asked_the_answer_is_a_path_of_ours(raw: str) -> None:
    answer = safe_next(raw, get_client("portal"))
    assert answer.startswith("/")
    assert not answer.startswith(("//", "/\\"))
    assert answer.isprintable()
    assert client_of_path(answer) == "portal"


@pytest.mark.parametrize("path", ["/session/refresh/", "/session/done/"])
def test_pages_of_the_session_itself_are_the_client_s_that_the_query_names(path: str) -> None:
    assert client_of_path(path, "operator") == "operator"
    assert client_of_path(path, "portal") == "portal"
    assert client_of_path(path, None) == "portal"
