"""Answers that every surface gives alike: a page for people, a problem (RFC 9457) for programs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string

from accounts.clients import client_of_path, get_client
from accounts.redirects import safe_next

PROBLEM_TYPE = "application/problem+json"
AWAY = "X-Dezky-Away"  # what a 503 waits for; the page's script waits for the sign-in service by itself


def wants_problem(request: HttpRequest) -> bool:
    """Return whether the request is a program's."""
    return request.path_info.startswith("/api/v1/")


def is_htmx(request: HttpRequest) -> bool:
    """Return whether HTMX sent the request; true also before the HTMX middleware has run.

    Going back in history it fetches a whole page, and says so by another header.
    """
    return "true" in (request.headers.get("HX-Request"), request.headers.get("HX-History-Restore-Request"))


def problem_body(request: HttpRequest, status: int, detail: str, **extra: Any) -> dict[str, Any]:
    """Return an RFC 9457 problem as a dictionary."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": getattr(request, "request_id", ""),
        **extra,
    }


def problem(
    request: HttpRequest,
    status: int,
    detail: str,
    *,
    title: str = "",
    template: str = "errors/refused.html",
    is_bare: bool = False,
) -> HttpResponse:
    """Return an error as the caller can read it: problem+json under the API, else a page.

    `is_bare` asks nothing of the request any more, which may be what is wrong.
    """
    if wants_problem(request):
        return JsonResponse(problem_body(request, status, detail), status=status, content_type=PROBLEM_TYPE)
    context = {
        "title": title or HTTPStatus(status).phrase.capitalize(),
        "text": detail,
        "status": status,
        "request_id": getattr(request, "request_id", ""),
    }
    # In bad times nothing is asked of session, person or context processors: they may need what is away.
    asked = None if is_bare or status == HTTPStatus.SERVICE_UNAVAILABLE else request
    return HttpResponse(render_to_string(template, context, request=asked), status=status)


def sign_in(request: HttpRequest) -> HttpResponse:
    """Send a person to sign in; tell HTMX and programs 401, before any side effect (S8)."""
    if wants_problem(request) or is_htmx(request):
        response = problem(request, 401, "Sign in and try again.", title="Sign in to continue")
        response["WWW-Authenticate"] = 'Bearer realm="dezky"'
        return response
    client = get_client(client_of_path(request.path_info))
    # A form that was posted without a session can't be repeated by a redirect: its page can be opened.
    target = safe_next(request.get_full_path(), client) if request.method == "GET" else client.home
    return HttpResponseRedirect(f"/oidc/{client.name}/login/?{urlencode({'next': target})}")


def forbidden(request: HttpRequest, detail: str = "") -> HttpResponse:
    """Say no to somebody who is signed in but not entitled."""
    text = detail or "Your account doesn't have access to this part of Dezky."
    return problem(request, 403, text, title="You don't have access to this page", template="403.html")


def unavailable(request: HttpRequest, detail: str, *, retry_after_seconds: int) -> HttpResponse:
    """Say that something we need is away for now."""
    response = problem(request, 503, detail, title="Try again in a moment", template="503.html")
    response["Retry-After"] = str(retry_after_seconds)
    return response


def is_database_away(exception: BaseException | None) -> bool:
    """Return whether an exception says that PostgreSQL did not answer."""
    return isinstance(exception, OperationalError | InterfaceError)


def database_away(request: HttpRequest) -> HttpResponse:
    """Say that the database does not answer; nobody is signed out by this."""
    response = unavailable(request, "The database can't be reached right now. Nothing was lost.", retry_after_seconds=5)
    response[AWAY] = "database"
    return response


def identity_unavailable(request: HttpRequest) -> HttpResponse:
    """Say that the identity provider can't confirm the session; nobody is signed out by this."""
    text = "The sign-in service can't be reached right now. Nothing was lost, and you are still signed in."
    response = unavailable(request, text, retry_after_seconds=10)
    response[AWAY] = "identity"
    return response
