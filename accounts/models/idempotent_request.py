"""Requests that are applied once, however often they are sent."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.encryption import EncryptedTextField
from accounts.enums import ClientName
from accounts.models.person import User


class IdempotentRequest(models.Model):
    """One write with a key: who is at work on it, whether it was applied, and what was answered.

    `attempt` names the request that is at work until `leased_until`. `applied_at` is written in the
    transaction of the effect itself, so it stands if and only if the effect does. The answer may show
    what only its person may see, and is kept encrypted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    client = models.CharField(max_length=16, choices=[(c.value, c.value) for c in ClientName])
    key = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    attempt = models.UUIDField()
    leased_until = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = EncryptedTextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "client", "key"], name="accounts_idempotent_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="accounts_idempotent_age")]

    def __str__(self) -> str:
        return f"{self.key} of {self.user_id}"
