"""The workspace switcher and a person's own places, worked out only by pages that show them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from tenant_portal import selectors


def switcher(request: HttpRequest) -> dict[str, Any]:
    """Return the doors that are open to the request's person, and where they belong."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"switcher": []}
    return {
        "switcher": SimpleLazyObject(lambda: selectors.doors_for(user, request.path_info)),
        "own_places": SimpleLazyObject(lambda: selectors.places_of(user)),
    }
