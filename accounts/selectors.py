"""Reads about people and their sessions."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import OIDCSession, User


def living_sessions(person: User) -> list[OIDCSession]:
    """Return the sessions in which a person is signed in now, the latest used first."""
    found = OIDCSession.objects.alive().filter(user=person).select_related("user").order_by("-last_seen_at", "-id")
    now = timezone.now()
    return [session for session in found if session.is_alive(now)]
