"""A workspace at the payments stand-in, and its owner at the API."""

from __future__ import annotations

import pytest

from billing import sync
from tenants.enums import MembershipRole, Plan, TenantStatus
from tenants.models import Tenant
from tests.billing.api_browser import Api
from tests.contract.checked_stripe import CheckedStripe
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
