"""The people of the demo: who they are at the identity provider, and in which groups."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5


@dataclass(frozen=True)
class Person:
    """One account of the demo; `note` is what the sign-in page says about it."""

    email: str
    name: str
    groups: tuple[str, ...]
    note: str

    @property
    def sub(self) -> str:
        """Return the subject that authentik would give with `sub_mode: user_uuid`."""
        return str(uuid5(NAMESPACE_URL, f"https://demo.dezky.test/people/{self.email}"))


PEOPLE: tuple[Person, ...] = (
    Person("operator@dezky.test", "Nora Fjeld", ("dezky-platform-admins",), "Operator of the platform"),
    Person("operator2@dezky.test", "Henrik Aas", ("dezky-platform-admins",), "Operator of the platform"),
    Person("support@dezky.test", "Linn Vik", ("dezky-support",), "Support staff"),
    Person("owner@acme.test", "Maja Lindqvist", ("dezky-tenant-acme-admins",), "Owner of Acme"),
    Person("admin@acme.test", "Jonas Berg", ("dezky-tenant-acme-admins",), "Admin of Acme"),
    Person("member@acme.test", "Ingrid Solheim", ("dezky-tenant-acme-members",), "Member of Acme"),
    Person("admin@globex.test", "Amir Haddad", ("dezky-tenant-globex-admins",), "Admin of Globex"),
    Person("member@globex.test", "Sofie Dahl", ("dezky-tenant-globex-members",), "Member of Globex"),
    Person(
        "admin@initech.test", "Tomasz Wróbel", ("dezky-tenant-initech-admins",), "Admin of Initech, which is suspended"
    ),
    Person(
        "consultant@umbrella.test",
        "Léa Moreau",
        ("dezky-tenant-acme-members", "dezky-tenant-umbrella-admins"),
        "Member of Acme, admin of Umbrella",
    ),
    Person(
        "admin@northwind.test", "Eirik Vangen", ("dezky-partner-northwind-admins",), "Admin of the partner Northwind"
    ),
    Person("agent@northwind.test", "Priya Nair", ("dezky-partner-northwind-agents",), "Agent at Northwind, Acme only"),
    Person(
        "admin@contoso.test",
        "Oskar Nyström",
        ("dezky-partner-contoso-admins",),
        "Admin of Contoso, which has no customers",
    ),
    Person("nobody@stray.test", "Stray Visitor", (), "Signs in, belongs to nothing"),
)

# Accounts that the gate watch signs in as. They are nobody's, so no page lists them, and they have passwords.
PROBES: tuple[Person, ...] = (
    Person("probe-operator@dezky.test", "Gate probe (operator)", ("dezky-platform-admins",), "Must be let in"),
    Person("probe-outsider@dezky.test", "Gate probe (outsider)", (), "Must be turned away"),
)
