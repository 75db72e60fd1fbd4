"""dj-stripe asks who the subscriber of a request is; our views name the tenant themselves."""

from __future__ import annotations

from django.http import HttpRequest


def no_subscriber_of_request(_request: HttpRequest) -> None:
    """Return no subscriber: a workspace is never guessed from a request."""
