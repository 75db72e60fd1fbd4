"""Groups become roles in one pure function."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.claims import Roles, roles_from_groups
from accounts.enums import DirectoryRole


def test_each_group_gives_its_role() -> None:
    roles = roles_from_groups(
        [
            "dezky-platform-admins",
            "dezky-support",
            "dezky-tenant-acme-admins",
            "dezky-tenant-big-co-members",
            "dezky-partner-northwind-agents",
            "dezky-partner-contoso-admins",
        ]
    )
    assert roles == Roles(
        is_platform_admin=True,
        is_support=True,
        tenants={"acme": DirectoryRole.ADMIN, "big-co": DirectoryRole.MEMBER},
        partners={"northwind": DirectoryRole.AGENT, "contoso": DirectoryRole.ADMIN},
    )


@pytest.mark.parametrize("order", [["members", "admins"], ["admins", "members"]])
def test_admin_outweighs_member(order: list[str]) -> None:
    assert roles_from_groups([f"dezky-tenant-acme-{kind}" for kind in order]).tenants == {"acme": DirectoryRole.ADMIN}


@pytest.mark.parametrize(
    "group",
    [
        "Dezky-Platform-Admins",
        "dezky-platform-admins ",
        "dezky-platform-admins\n",
        "xdezky-platform-admins",
        "dezky-tenant-acme-owners",
        "dezky-tenant--admins",
        "dezky-tenant-Acme-admins",
        "dezky-tenant-acme-admins\n",
        "dezky-tenant-acme-agents",
        "dezky-partner-acme-members",
        "dezky-tenant-ac\u0131me-admins",
        None,
        7,
        ["dezky-platform-admins"],
    ],
)
def test_what_is_not_exactly_our_name_gives_nothing(group: object) -> None:
    assert roles_from_groups([group]) == Roles()


@given(st.lists(st.text()))
def test_no_group_of_chance_makes_an_operator(groups: list[str]) -> None:
    assert roles_from_groups(groups).is_platform_admin == ("dezky-platform-admins" in groups)
