"""Orders to sign people out of everything."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.enums import OrderSubject
from accounts.models.person import User


class SignOutOrder(models.Model):
    """An operator's order to sign a person, or a workspace's people, out of everything, and its proof.

    The three times are measured, not promised: `sessions_dead_at` is when a fresh read found no session
    alive any more, `tokens_dead_at` when the provider itself had called the last token inactive.
    Labels are copied, so that the proof reads the same after its subject is gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.CharField(max_length=16, choices=[(s.value, s.value) for s in OrderSubject])
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=320)
    reason = models.CharField(max_length=200)
    ordered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    ordered_by_label = models.CharField(max_length=320)
    ordered_at = models.DateTimeField()
    cut_at = models.DateTimeField()
    people = ArrayField(models.UUIDField())
    sessions = models.PositiveIntegerField(default=0)
    tokens = models.PositiveIntegerField(default=0)
    is_carried_out = models.BooleanField(default=False)
    sessions_dead_at = models.DateTimeField(null=True, blank=True)
    tokens_dead_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-ordered_at", "-id"], name="accounts_order_page")]

    def __str__(self) -> str:
        return f"sign-out of {self.subject_label}"

    @property
    def is_own(self) -> bool:
        """Return whether a person gave it about themselves."""
        return self.ordered_by_id == self.subject_id

    @property
    def is_proved(self) -> bool:
        """Return whether the last session and the last token are known to be dead."""
        return self.sessions_dead_at is not None and self.tokens_dead_at is not None

    @property
    def sessions_took(self) -> timedelta | None:
        """Return how long the last session worked after the order was asked for."""
        return self.sessions_dead_at - self.ordered_at if self.sessions_dead_at else None

    @property
    def tokens_took(self) -> timedelta | None:
        """Return how long the last token was good at the provider after the order was asked for."""
        return self.tokens_dead_at - self.ordered_at if self.tokens_dead_at else None
