"""The workspace switcher, worked out only by pages that show it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from tenant_portal import selectors


def switcher(request: HttpRequest) -> dict[str, Any]:
    """Return the doors that are open to the request's person."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"switcher": []}
    return {"switcher": SimpleLazyObject(lambda: selectors.doors_for(user, request.path_info))}
