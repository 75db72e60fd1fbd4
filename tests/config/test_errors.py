"""Requests that can't be read are answered as such, on every surface."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import UserFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db
_MANY = "&".join(f"a{number}=1" for number in range(501))


@pytest.mark.parametrize("path", ["/", "/me/", "/operator/", "/session/done/", "/api/v1/me", "/oidc/portal/login/"])
def test_too_many_fields_in_an_address_are_a_400(path: str, sign_in: SignIn) -> None:
    """The page that says so must not read them a second time."""
    for browser in (Client(raise_request_exception=False), sign_in(UserFactory())):
        answer = browser.get(f"{path}?{_MANY}")
        assert (answer.status_code, "x-request-id" in answer.headers) == (400, True)
