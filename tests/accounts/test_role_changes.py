"""When a role takes effect: at the next request, the next renewal, or at once by the provider's own word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import OIDCSession, User
from operator_portal.guards import NOT_AUTHORISED
from tests.accounts.flow import sign_in
from tests.contract.identity_browser import IdentityProvider
from tests.factories import TenantFactory

pytestmark = pytest.mark.django_db
_ADMIN = "admin@acme.test"
_OWN = ["dezky-tenant-acme-admins"]
_OPERATORS = "dezky-platform-admins"


@pytest.fixture
def site(provider: IdentityProvider) -> Client:
    """Return a browser in which a tenant admin is signed in to the portal."""
    site = Client(raise_request_exception=False)
    sign_in(site, provider, _ADMIN)
    return site


@pytest.fixture
def operator(site: Client, provider: IdentityProvider) -> Client:
    """Return the same browser after the tenant admin was made platform admin and signed in as one."""
    provider.control("groups", email=_ADMIN, groups=[*_OWN, _OPERATORS])
    sign_in(site, provider, _ADMIN, "operator")
    assert site.get("/operator/").status_code == 200
    return site


def is_refused(site: Client) -> bool:
    page, api = site.get("/operator/"), site.get("/api/v1/operator/tenants")
    return (page.status_code, page.headers.get("Location"), api.status_code) == (302, NOT_AUTHORISED, 403)


def expire() -> None:
    OIDCSession.objects.update(access_expires_at=timezone.now() - timedelta(seconds=1), renewal_failed_at=None)


def test_made_within_one_request_after_the_database_knows(site: Client) -> None:
    assert is_refused(site)
    User.objects.filter(email=_ADMIN).update(is_platform_admin=True)
    page = site.get("/operator/")
    assert (page.status_code, page["Location"]) == (302, "/oidc/operator/login/?next=%2Foperator%2F")
    assert b"Operator portal" in site.get("/").content


def test_unmade_within_one_request_after_the_database_knows(operator: Client) -> None:
    User.objects.filter(email=_ADMIN).update(is_platform_admin=False)
    assert is_refused(operator)
    assert b"Operator portal" not in operator.get("/").content


def test_made_within_one_renewal_after_the_provider_knows(site: Client, provider: IdentityProvider) -> None:
    provider.control("groups", email=_ADMIN, groups=[*_OWN, _OPERATORS])
    assert b"Operator portal" not in site.get("/").content
    expire()
    assert b"Operator portal" in site.get("/").content
    assert User.objects.get(email=_ADMIN).is_platform_admin


def test_unmade_within_one_renewal_after_the_provider_knows(operator: Client, provider: IdentityProvider) -> None:
    """authentik's refresh does not ask its policy: the groups of its answer are what counts."""
    provider.control("groups", email=_ADMIN, groups=_OWN)
    assert operator.get("/operator/").status_code == 200
    expire()
    assert is_refused(operator)
    assert not User.objects.get(email=_ADMIN).is_platform_admin


def test_unmade_at_once_by_back_channel(operator: Client, provider: IdentityProvider) -> None:
    provider.control("groups", email=_ADMIN, groups=_OWN)
    token = provider.control("logout_token", client="dezky-operator", email=_ADMIN)["logout_token"]
    assert Client().post("/oidc/operator/backchannel-logout/", {"logout_token": token}).status_code == 200
    assert OIDCSession.objects.alive().filter(client="operator").count() == 0
    assert operator.get("/operator/").status_code == 302
    # Whoever comes back through the provider is told no by its policy, and would be by the groups.
    assert operator.get("/api/v1/operator/tenants").status_code in (401, 403)


def test_the_tenant_role_follows_the_same_renewal(site: Client, provider: IdentityProvider) -> None:
    TenantFactory(slug="acme")
    expire()
    assert site.get("/admin/acme/").status_code == 200
    provider.control("groups", email=_ADMIN, groups=[])
    expire()
    assert site.get("/admin/acme/").status_code == 404
