"""The launcher: a person's doors, and their workspaces."""

from __future__ import annotations

import re

import pytest

from tenants.enums import MembershipRole, TenantStatus
from tests.factories import MembershipFactory, TenantFactory, UserFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db


def test_launcher_opens_the_workspaces_that_a_person_administers(sign_in: SignIn) -> None:
    user = UserFactory()
    MembershipFactory(user=user, role=MembershipRole.ADMIN, tenant=TenantFactory(slug="run", status=TenantStatus.TRIAL))
    MembershipFactory(user=user, role=MembershipRole.MEMBER, tenant=TenantFactory(slug="belong"))

    page = sign_in(user).get("/").content.decode()

    assert re.findall(r'<a class="btn btn-sm" href="([^"]+)">Open<', page) == ["/admin/run/"]
    assert re.findall(r'<span class="badge dot[^"]*">([^<]+)<', page) == ["Trial"]
