"""Partner mode: which workspaces a session of a partner's staff has open by a grant.

It is a note in the session, for the way back and so that a visit is told to the log once an hour. It
opens nothing: every request is asked for its grant anew. What has gone stale is taken out by
`partner.middleware` at the next request (Z9).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from tenants.access import Access

KEY = "partner_view"
_TOLD_EVERY_SECONDS = 3600


@dataclass(frozen=True)
class Visit:
    """One workspace that a session has open by a grant."""

    slug: str
    name: str
    grant_id: str


def note(session: SessionBase, access: Access) -> bool:
    """Remember a visit by a grant; return whether the log has to be told: the first time, then once an hour."""
    if access.grant is None:
        return False
    kept, now = _kept(session), time.time()
    before, grant_id = kept.get(access.tenant.slug, {}), str(access.grant.pk)
    if before.get("grant") == grant_id and now - before.get("told_at", 0) < _TOLD_EVERY_SECONDS:
        return False
    kept[access.tenant.slug] = {"name": access.tenant.name, "grant": grant_id, "told_at": now}
    session[KEY] = kept
    return True


def visits_of(session: SessionBase) -> list[Visit]:
    """Return the visits that a session remembers, stale or not, by slug."""
    return [
        Visit(slug=slug, name=str(entry.get("name", slug)), grant_id=str(entry.get("grant", "")))
        for slug, entry in sorted(_kept(session).items())
    ]


def forget(session: SessionBase, slugs: set[str]) -> None:
    """Take visits out of a session."""
    kept = {slug: entry for slug, entry in _kept(session).items() if slug not in slugs}
    if kept:
        session[KEY] = kept
    else:
        session.pop(KEY, None)


def _kept(session: SessionBase) -> dict[str, dict[str, Any]]:
    found = session.get(KEY)
    entries = found.items() if isinstance(found, dict) else ()
    return {slug: entry for slug, entry in entries if isinstance(entry, dict)}
