"""Who may see what: one row for each account of the demo."""

from __future__ import annotations

from dataclasses import dataclass, field

PERSONAL, ADMIN, PARTNER, OPERATOR, SUPPORT = "Personal", "Admin", "Partner", "Operator", "Support"
NOT_AUTHORISED = "/operator/not-authorised/"

# What an outsider who is signed in is answered; each account's row names what is different for it.
OUTSIDER: dict[str, int] = {
    "/": 200,
    "/me/": 200,
    "/admin/": 403,
    "/admin/acme/": 404,
    "/admin/acme/people/": 404,
    "/admin/acme/audit/": 404,
    "/admin/globex/": 404,
    "/admin/globex/people/": 404,
    "/admin/initech/": 404,
    "/admin/initech/people/": 404,
    "/admin/umbrella/": 404,
    "/admin/umbrella/audit/": 404,
    "/admin/no-such-workspace/": 404,
    "/partner/": 403,
    "/partner/customers/acme/": 403,
    "/partner/customers/umbrella/": 403,
    "/partner/customers/globex/": 403,
    "/support/": 403,
    "/support/accounts/user/": 403,
    "/operator/": 302,
    "/operator/tenants/": 302,
    "/api/v1/me": 200,
    "/api/v1/tenants": 200,
    "/api/v1/tenants/acme": 404,
    "/api/v1/tenants/acme/users": 404,
    "/api/v1/tenants/globex/users": 404,
    "/api/v1/tenants/initech/users": 404,
    "/api/v1/tenants/umbrella/audit": 404,
    "/api/v1/partner/customers": 403,
    "/api/v1/operator/tenants": 403,
    "/api/docs/": 200,
    "/no-such-page/": 404,
}


@dataclass(frozen=True)
class Account:
    """One person: the launcher's tiles in order, the workspaces it names, and what differs from an outsider."""

    email: str
    name: str
    tiles: tuple[str, ...] = (PERSONAL,)
    workspaces: tuple[str, ...] = ()
    differs: dict[str, int] = field(default_factory=dict)

    @property
    def statuses(self) -> dict[str, int]:
        """Return the status of every address for this person."""
        return OUTSIDER | self.differs


def _admin_of(*slugs: str) -> dict[str, int]:
    """Return what opens to who administers workspaces."""
    opened = {"/admin/": 302}
    for path in OUTSIDER:
        if any(path.startswith((f"/admin/{slug}/", f"/api/v1/tenants/{slug}")) for slug in slugs):
            opened[path] = 200
    return opened


def _member_of(slug: str) -> dict[str, int]:
    """Return what a member is told about their workspace: it is there, and not for them."""
    told = {path: 403 for path in OUTSIDER if path.startswith((f"/admin/{slug}/", f"/api/v1/tenants/{slug}/"))}
    return told | {f"/api/v1/tenants/{slug}": 403}


_STAFF = {"/partner/": 200, "/api/v1/partner/customers": 200, "/partner/customers/globex/": 404}
_ACME_CUSTOMER = {"/partner/customers/acme/": 200}
_DELEGATED = {path: 200 for path in _admin_of("acme") if path != "/admin/"}
# Signed in to the portal alone: the operator portal asks for a sign-in of its own.
_OPERATOR = {"/api/v1/operator/tenants": 401}
_OPERATORS = (
    Account("operator@dezky.test", "Nora Fjeld", (PERSONAL, OPERATOR), (), _OPERATOR),
    Account("operator2@dezky.test", "Henrik Aas", (PERSONAL, OPERATOR), (), _OPERATOR),
)
ACCOUNTS: tuple[Account, ...] = (
    *_OPERATORS,
    Account(
        "support@dezky.test",
        "Linn Vik",
        (PERSONAL, SUPPORT),
        (),
        {"/support/": 200, "/support/accounts/user/": 200},
    ),
    Account("owner@acme.test", "Maja Lindqvist", (PERSONAL, ADMIN), ("Acme Studio",), _admin_of("acme")),
    Account("admin@acme.test", "Jonas Berg", (PERSONAL, ADMIN), ("Acme Studio",), _admin_of("acme")),
    Account("member@acme.test", "Ingrid Solheim", (PERSONAL,), ("Acme Studio",), _member_of("acme")),
    Account("admin@globex.test", "Amir Haddad", (PERSONAL, ADMIN), ("Globex Logistics",), _admin_of("globex")),
    Account("member@globex.test", "Sofie Dahl", (PERSONAL,), ("Globex Logistics",), _member_of("globex")),
    Account("admin@initech.test", "Tomasz Wróbel"),
    Account(
        "consultant@umbrella.test",
        "Léa Moreau",
        (PERSONAL, ADMIN),
        ("Acme Studio", "Umbrella Clinics"),
        _member_of("acme") | _admin_of("umbrella"),
    ),
    Account(
        "admin@northwind.test",
        "Eirik Vangen",
        (PERSONAL, PARTNER),
        (),
        _STAFF | _ACME_CUSTOMER | _DELEGATED | {"/partner/customers/umbrella/": 200},
    ),
    Account(
        "agent@northwind.test",
        "Priya Nair",
        (PERSONAL, PARTNER),
        (),
        _STAFF | _ACME_CUSTOMER | _DELEGATED | {"/partner/customers/umbrella/": 404},
    ),
    Account(
        "admin@contoso.test",
        "Oskar Nyström",
        (PERSONAL, PARTNER),
        (),
        _STAFF | {"/partner/customers/acme/": 404, "/partner/customers/umbrella/": 404},
    ),
    Account("nobody@stray.test", "Stray Visitor"),
)
