"""The HTMX dialect: what a server answers besides a fragment."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse


def trigger(response: HttpResponse, **events: Any) -> HttpResponse:
    """Add browser events, by name with their detail, to an answer."""
    response["HX-Trigger"] = json.dumps({name.replace("__", ":"): detail for name, detail in events.items()})
    return response


def is_fragment(request: HttpRequest) -> bool:
    """Return whether HTMX asks for a part of the page, and not for a whole one by a boosted link."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def redirect(url: str) -> HttpResponse:
    """Send the whole page elsewhere after an HTMX request, which must not follow a 302."""
    response = HttpResponse(status=204)
    response["HX-Redirect"] = url
    return response
