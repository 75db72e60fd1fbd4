"""How the API speaks: problems (RFC 9457), and pages by key."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts.answers import AWAY, PROBLEM_TYPE, problem_body
from accounts.api.exceptions import IdentityUnavailable, Problem

_DETAILS: dict[type[Exception], str] = {
    Http404: "There is nothing here, or it isn't shared with you.",
    PermissionDenied: "Your account doesn't have access to this.",
}


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return an error as a problem; what is no API error travels on and becomes a 500."""
    response = exception_handler(error, context)
    if response is None:
        return None
    request = context["request"]._request
    extra: dict[str, Any] = {}
    if isinstance(error, exceptions.ValidationError):
        detail, extra["errors"] = "Some fields are not right.", response.data
    elif isinstance(error, exceptions.APIException):
        detail = str(error.detail)
    else:
        detail = next((text for kind, text in _DETAILS.items() if isinstance(error, kind)), "That didn't work.")
    if isinstance(error, IdentityUnavailable):
        response[AWAY] = "identity"
    if isinstance(error, Problem):
        extra = {**error.more, **({"title": error.title} if error.title else {})}
        for name, value in error.headers.items():
            response[name] = value
    response.data = problem_body(request, response.status_code, detail, **extra)
    response.content_type = PROBLEM_TYPE
    return response


class TidyBrowsableAPIRenderer(BrowsableAPIRenderer):
    """The browsable API without forms: what can be written has its own documentation."""

    def get_context(self, data: Any, accepted_media_type: str | None, renderer_context: Any) -> dict[str, Any]:
        """Leave out the workspace switcher: the page shows the answer alone, and a refusal nothing (Z4)."""
        context: dict[str, Any] = super().get_context(data, accepted_media_type, renderer_context)
        return {**context, "switcher": []}

    def show_form_for_method(self, view: Any, method: str, request: Any, obj: Any) -> bool:
        """Show no form, but for OPTIONS."""
        return method == "OPTIONS" and bool(super().show_form_for_method(view, method, request, obj))

    def get_filter_form(self, data: Any, view: Any, request: Any) -> None:
        """Show no filter form."""
