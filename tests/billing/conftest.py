"""A workspace at the payments stand-in, its owner at the API, and a database for threads."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from billing import sync
from tenants.enums import MembershipRole, Plan, TenantStatus
from tenants.models import Tenant
from tests.billing.api_browser import Api
from tests.contract.checked_stripe import CheckedStripe
from tests.databases import fresh_database
from tests.factories import MembershipFactory, TenantFactory
from tests.fixtures.people import SignIn


@pytest.fixture
def shop(stripe: CheckedStripe, db: None) -> Tenant:
    """Return a workspace on trial, while the catalogue is known."""
    sync.catalogue()
    made: Tenant = TenantFactory(slug="shop", status=TenantStatus.TRIAL, plan=Plan.STARTER, seats=5)
    return made


@pytest.fixture
def api(shop: Tenant, sign_in: SignIn) -> Api:
    """Return the workspace's API as its owner calls it."""
    owner = MembershipFactory(tenant=shop, role=MembershipRole.OWNER)
    return Api(sign_in(owner.user), shop)


@pytest.fixture
def own_database(stripe: CheckedStripe, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give the test a database whose rows are committed, so that threads see each other's."""
    default = connections["default"]
    before = default.settings_dict["NAME"]
    name = f"dezky_test_parallel_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}"
    with django_db_blocker.unblock(), fresh_database(name):
        default.close()
        default.settings_dict["NAME"] = name
        yield
        default.close()
        default.settings_dict["NAME"] = before
