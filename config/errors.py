"""Error answers of the whole site: a page for people, problem+json under the API."""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from accounts import answers


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, or 413 where the body was too large."""
    if isinstance(exception, RequestDataTooBig):
        return answers.problem(request, HTTPStatus.CONTENT_TOO_LARGE, "What was sent is larger than 1 MB.")
    text = "The request could not be understood. Go back and try again."
    is_bare = isinstance(exception, TooManyFieldsSent)  # also in the address, which every page asks for its client
    return answers.problem(
        request, HTTPStatus.BAD_REQUEST, text, title="That didn't work", template="400.html", is_bare=is_bare
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer 403."""
    return answers.forbidden(request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer 404: the same for what is unknown, foreign and suspended (Z6)."""
    text = "There is no page here, or it isn't shared with you."
    return answers.problem(request, HTTPStatus.NOT_FOUND, text, title="Page not found", template="404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 without anything that could fail a second time; 503 if it was the database that was missed (R1)."""
    if answers.is_database_away(sys.exception()):  # Django calls this while it handles the exception
        return answers.database_away(request)
    if answers.wants_problem(request):
        return answers.problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke on our side.")
    context = {"request_id": getattr(request, "request_id", "")}
    return HttpResponse(render_to_string("500.html", context), status=HTTPStatus.INTERNAL_SERVER_ERROR)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer 403 to a form whose token is missing or old.

    Each sign-in in this browser, also in another tab or to the other client, makes the tokens of open pages
    old. So the answer carries a fresh one and whose session it is for, which a script of this origin alone
    can read: a page of the same person sends its request once more.
    """
    text = "Nothing was saved. Open this page again in a new tab, and copy over what you typed."
    response = answers.problem(request, HTTPStatus.FORBIDDEN, text, title="This page is too old to be sent")
    response["X-CSRF-Token"] = get_token(request)
    response["X-Dezky-Person"] = str(getattr(request.user, "pk", None) or "")
    return response
