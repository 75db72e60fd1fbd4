"""What every request gets, whoever sends it: an id, a size limit, private answers."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from accounts import answers

GetResponse = Callable[[HttpRequest], HttpResponseBase]
logger = logging.getLogger(__name__)

_request_id: ContextVar[str] = ContextVar("request_id", default="-")
_GIVEN = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)


class RequestIdFilter(logging.Filter):
    """Puts the request's id on each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add `request_id` to `record`."""
        record.request_id = _request_id.get()
        return True


class RequestIdMiddleware:
    """Gives each request an id, which its answer, its log lines and its audit events carry."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Take over a proxy's id if it looks like one, else make one."""
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if _GIVEN.fullmatch(given) else f"req_{secrets.token_hex(8)}"  # type: ignore[attr-defined]
        # Not reset at the end: Django logs a refusal after the middleware. The next request sets its own.
        _request_id.set(request.request_id)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


class BodyLimitMiddleware:
    """Refuses a body over the limit before anything reads it: 413, not Django's 400."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 413 to an announced body that is too large."""
        try:
            announced = int(request.headers.get("Content-Length") or 0)
        except ValueError:
            return answers.problem(request, 400, "The request's length is not a number.")
        if announced > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return answers.problem(request, 413, "What was sent is larger than 1 MB. Nothing was saved.")
        return self.get_response(request)


class DatabaseAwayMiddleware:
    """Answers 503 when a view misses PostgreSQL (R1).

    What another middleware misses never comes by here: Django makes an answer of an exception at each
    middleware's own border. `config.errors.server_error` gives that the same 503.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on; the work is done when a view fails."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn a failed connection inside a view into a 503 page."""
        if answers.is_database_away(exception):
            logger.error("the database did not answer", exc_info=exception)
            return answers.database_away(request)
        return None


class PrivateResponsesMiddleware:
    """Keeps what a person sees out of every cache (H2)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Mark the answer private, and as depending on cookie and HTMX."""
        response = self.get_response(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store"
        patch_vary_headers(response, ["Cookie", "HX-Request"])
        return response
