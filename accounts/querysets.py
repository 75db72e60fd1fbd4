"""Filters over sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from accounts.models import OIDCSession  # noqa: F401 - named in the base


class OIDCSessionQuerySet(models.QuerySet["OIDCSession"]):
    """Sessions by person and by whether they still hold."""

    def alive(self) -> OIDCSessionQuerySet:
        """Return the sessions that nobody has ended."""
        return self.filter(ended_at__isnull=True)
