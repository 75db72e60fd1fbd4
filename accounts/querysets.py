"""Filters over sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from accounts.models import OIDCSession  # noqa: F401 - named in the base


class OIDCSessionQuerySet(models.QuerySet["OIDCSession"]):
    """Sessions by person and by whether they still hold."""

    def open(self) -> OIDCSessionQuerySet:
        """Return the sessions whose end has not been written yet; they may still hold tokens."""
        return self.filter(ended_at__isnull=True)

    def alive(self) -> OIDCSessionQuerySet:
        """Return the sessions that nobody has ended, by themselves or by signing out everywhere."""
        return self.open().exclude(user__reauthenticate_after__gte=models.F("created_at"))

    def cut_off(self) -> OIDCSessionQuerySet:
        """Return the open sessions that signing out everywhere has killed, but whose end is not written yet."""
        return self.open().filter(user__reauthenticate_after__gte=models.F("created_at"))
