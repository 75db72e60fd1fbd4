"""What every page needs to know about the request."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.clients import client_of_path

_THEMES = {"light", "dark"}


def page(request: HttpRequest) -> dict[str, Any]:
    """Return theme, client, environment and request id."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in _THEMES else "",
        "client": client_of_path(request.path_info, request.GET.get("client")).value,
        "environment_name": settings.ENVIRONMENT_NAME,
        "request_id": getattr(request, "request_id", ""),
    }
