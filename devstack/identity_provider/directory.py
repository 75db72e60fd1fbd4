"""The people as the provider sees them now: the demo's list and what tests changed."""

from __future__ import annotations

from dataclasses import dataclass

from devstack.people import PEOPLE, PROBES, Person

from .configuration import Configuration
from .store import Store

EVERYBODY: tuple[Person, ...] = (*PEOPLE, *PROBES)
_BY_EMAIL = {person.email: person for person in EVERYBODY}


@dataclass(frozen=True)
class Account:
    """A person with the groups and the standing of this moment."""

    person: Person
    groups: tuple[str, ...]
    is_active: bool


class Directory:
    """Looks people up and changes them."""

    def __init__(self, store: Store, configuration: Configuration) -> None:
        """Read changes to people from `store`, and what groups are called now from the configuration."""
        self._store = store
        self._configuration = configuration

    def account(self, email: str) -> Account | None:
        """Return a known person, active or not."""
        person = _BY_EMAIL.get(email.strip().lower())
        if person is None:
            return None
        groups, is_active = self._store.people_changes(person.email)
        named = tuple(map(self._configuration.group_name, person.groups if groups is None else groups))
        return Account(person, named, is_active)

    def active(self, email: str) -> Account | None:
        """Return a known person who is active."""
        account = self.account(email)
        return account if account and account.is_active else None

    def set_groups(self, account: Account, groups: tuple[str, ...]) -> None:
        """Put a person into exactly these groups."""
        self._store.change_person(account.person.email, groups, is_active=account.is_active)

    def set_active(self, account: Account, *, is_active: bool) -> None:
        """Deactivate a person, or activate them again."""
        groups, _ = self._store.people_changes(account.person.email)
        self._store.change_person(account.person.email, groups, is_active=is_active)

    def restore(self) -> None:
        """Undo every change."""
        self._store.forget_people_changes()
