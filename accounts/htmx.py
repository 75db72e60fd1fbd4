"""The HTMX dialect: what a server answers besides a fragment."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.views.generic.base import TemplateResponseMixin


class FragmentMixin(TemplateResponseMixin):
    """Answers an HTMX request with the page's own fragment `fragment`, every other one with the page.

    A boosted link is a navigation: it gets the page.
    """

    request: HttpRequest
    fragment: ClassVar[str]

    def get_template_names(self) -> list[str]:
        """Return the fragment's name, or the page's."""
        names = super().get_template_names()
        is_fragment = self.request.headers.get("HX-Request") == "true" and "HX-Boosted" not in self.request.headers
        return [f"{name}#{self.fragment}" for name in names] if is_fragment else names


def trigger(response: HttpResponse, **events: Any) -> HttpResponse:
    """Add browser events, by name with their detail, to an answer."""
    response["HX-Trigger"] = json.dumps({name.replace("__", ":"): detail for name, detail in events.items()})
    return response


def redirect(url: str) -> HttpResponse:
    """Send the whole page elsewhere after an HTMX request, which must not follow a 302."""
    response = HttpResponse(status=204)
    response["HX-Redirect"] = url
    return response
