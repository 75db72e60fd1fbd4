"""Who acts for a partner. The partner app, a floor above, says so through one registered function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User


@dataclass(frozen=True)
class Delegate:
    """A person as staff of a partner; `tenant_ids` None means every customer of the firm."""

    partner_id: UUID
    firm: str
    tenant_ids: frozenset[UUID] | None

    def may_see(self, tenant_id: UUID) -> bool:
        """Return whether the firm lets this person see a customer."""
        return self.tenant_ids is None or tenant_id in self.tenant_ids


type Resolver = Callable[[User], Delegate | None]
_resolvers: list[Resolver] = []


def register(resolver: Resolver) -> None:
    """Have `resolver` asked for whom a person acts."""
    if resolver not in _resolvers:
        _resolvers.append(resolver)


def delegate_of(user: User) -> Delegate | None:
    """Return for which partner a person acts; None for nobody's staff."""
    return next((found for resolver in _resolvers if (found := resolver(user)) is not None), None)
