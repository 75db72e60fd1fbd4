"""Versions of what two people may edit at once: `ETag` tells them, `If-Match` demands them (RFC 9110)."""

from __future__ import annotations

import re

from rest_framework.request import Request

from accounts.api.exceptions import Problem

_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*', re.ASCII)


def etag(version: int) -> str:
    """Return a version as an entity tag."""
    return f'"{version}"'


def is_wanted(request: Request, version: int) -> bool:
    """Return whether `If-Match` names this version; weak tags never match, `*` always does.

    Raises:
        Problem: 428, there is no `If-Match`.
    """
    given = request.headers.get("If-Match")
    if given is None:
        raise Problem(428, "Send the ETag that you read as If-Match, so that nobody's change is lost.")
    if given.strip() == "*":
        return True
    tags = [_TAG.fullmatch(part) for part in given.split(",")]
    return any(tag is not None and not tag[1] and tag[2] == str(version) for tag in tags)
