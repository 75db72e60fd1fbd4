"""From where a request comes: the browser's name in words, and the address."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from ua_parser import parse

_MAX_AGENT_CHARACTERS = 512
UNKNOWN_DEVICE = "Unknown device"


def device_of(request: HttpRequest) -> str:
    """Return browser and system in words, such as "Firefox on Windows"; they are the browser's own claim."""
    found = parse(request.headers.get("User-Agent", "")[:_MAX_AGENT_CHARACTERS])
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    known = [name for name in (browser, system) if name and name != "Other"]
    return " on ".join(known)[:120] or UNKNOWN_DEVICE


def address_of(request: HttpRequest) -> str | None:
    """Return the visitor's address: what the last of `TRUSTED_PROXIES` proxies saw, else the connection's.

    Only the entries that our own proxies have appended to X-Forwarded-For count; what stands left of
    them was sent by whoever called.
    """
    told = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        seen = [entry.strip() for entry in request.headers.get("X-Forwarded-For", "").split(",") if entry.strip()]
        if len(seen) >= settings.TRUSTED_PROXIES:
            told = seen[-settings.TRUSTED_PROXIES]
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        return None
