"""What a plain kind of object is made of: the parameters it takes, and how they become an object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from devstack.payments import fields
from devstack.payments.fields import Reader
from devstack.payments.objects import Object, new_id
from devstack.payments.store import Shelf

ADDRESS = fields.group(
    dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), fields.text),
    dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
)


def as_given(value: Any, _param: str) -> Any:
    """Read nothing yet; metadata is merged with what is there."""
    return value


@dataclass(frozen=True)
class Resource:
    """One kind of object: `/v1/<path>`; `build` makes a new one and `change` alters one in place."""

    kind: str
    path: str
    prefix: str
    create: dict[str, Reader]
    update: dict[str, Reader]
    build: Callable[[Shelf, Object], Object]
    filters: dict[str, Reader] = field(default_factory=dict)
    change: Callable[[Shelf, Object, Object], None] = lambda _shelf, _old, _given: None
    any_of: dict[str, str] = field(default_factory=dict)

    def new_id(self) -> str:
        """Return an id as Stripe makes them."""
        return new_id(self.prefix)
