"""Two sessions in one browser: the operator's apart from the portal's (O7)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from accounts import sessions
from accounts.clients import client_of_path, get_client


class TwoSessionsMiddleware(SessionMiddleware):
    """Gives each request the session of its surface's client, each in a cookie of its own.

    It is Django's own session middleware but for the choice of the cookie.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Open the session of the surface's client."""
        client = get_client(client_of_path(request.path_info, request.GET.get("client")))
        request.oidc_client = client  # type: ignore[attr-defined]
        request.session = sessions.open_store(request, client)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Save the session if it was changed, and set or delete its cookie."""
        self._save(request, response, request.oidc_client.cookie_name)  # type: ignore[attr-defined]
        return response

    def _save(self, request: HttpRequest, response: HttpResponse, cookie: str) -> None:
        store = request.session
        if cookie in request.COOKIES and store.is_empty():
            response.delete_cookie(cookie, samesite="Lax")
            if settings.IS_HTTPS:  # a browser takes a `__Host-` cookie back only with Secure
                response.cookies[cookie]["secure"] = True
            patch_vary_headers(response, ("Cookie",))
            return
        if not store.modified or store.is_empty() or response.status_code >= 500:  # noqa: PLR2004
            return
        try:
            store.save()
        except UpdateError:
            # Another request of this browser has signed in or out meanwhile. What this one did stands, and so does
            # its answer: Django's 400 would tell somebody that a write had failed.
            return
        response.set_cookie(
            cookie,
            str(store.session_key),
            max_age=store.get_expiry_age(),
            path="/",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
