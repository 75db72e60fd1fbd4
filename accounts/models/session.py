"""Sessions at the identity provider, and what the provider has yet to hear of them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.clients import OIDCClient, get_client
from accounts.encryption import EncryptedTextField
from accounts.enums import ClientName, Confirmation, EndReason, TokenHint
from accounts.models.person import User
from accounts.models.sign_out_order import SignOutOrder
from accounts.querysets import OIDCSessionQuerySet


class OIDCSession(models.Model):
    """One browser session of one client, with the provider's tokens, encrypted (S9).

    It stands in a table of its own, so that a rotated token is committed apart from the view's
    transaction and from the save of Django's session (S5).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="oidc_sessions")
    client = models.CharField(max_length=16, choices=[(c.value, c.value) for c in ClientName])
    sid = models.CharField(max_length=255, blank=True)
    id_token = EncryptedTextField(blank=True)
    access_token = EncryptedTextField(blank=True)
    refresh_token = EncryptedTextField(blank=True)
    access_expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(default=timezone.now)
    renewal_failed_at = models.DateTimeField(null=True, blank=True)
    renewal_pending_until = models.DateTimeField(null=True, blank=True)
    authenticated_at = models.DateTimeField(null=True, blank=True)
    device = models.CharField(max_length=120, blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=16, blank=True, choices=[(r.value, r.value) for r in EndReason])

    objects = OIDCSessionQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["user", "client"], name="accounts_session_user"),
            models.Index(fields=["client", "sid"], name="accounts_session_sid"),
        ]

    def __str__(self) -> str:
        return f"{self.client} session of {self.user_id}"

    @property
    def oidc_client(self) -> OIDCClient:
        """Return the client this session belongs to."""
        return get_client(self.client)

    def is_alive(self, now: datetime) -> bool:
        """Return whether the session still holds: not ended, in both lifetimes, person active (S2, S3, S12)."""
        client = self.oidc_client
        return (
            self.ended_at is None
            and self.user.is_active
            and (self.user.reauthenticate_after is None or self.created_at > self.user.reauthenticate_after)
            and now < self.ends_at
            and now < self.last_seen_at + client.idle
        )

    @property
    def ends_at(self) -> datetime:
        """Return when the session ends for good, however much it is used (S2)."""
        return self.created_at + self.oidc_client.absolute

    def confirmation(self, now: datetime, *, is_renewed: bool, grace_seconds: float) -> Confirmation:
        """Return how sure the session's identity is at `now`; grace is counted from the last confirmation."""
        if is_renewed:
            return Confirmation.CONFIRMED
        within = (now - self.confirmed_at).total_seconds() <= grace_seconds
        return Confirmation.GRACE if within else Confirmation.LAPSED


class Revocation(models.Model):
    """A token that has to be taken back at the provider: kept, encrypted, until the provider says it is dead (S10).

    A session wipes its tokens when it ends; what the provider has yet to hear of waits here, so that an
    outage loses nothing. `dead_at` stays for the orders' proofs; the token itself is wiped with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="revocations")
    client = models.CharField(max_length=16, choices=[(c.value, c.value) for c in ClientName])
    hint = models.CharField(max_length=16, choices=[(h.value, h.value) for h in TokenHint])
    token = EncryptedTextField(blank=True)
    order = models.ForeignKey(SignOutOrder, on_delete=models.CASCADE, null=True, related_name="revocations")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=200, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["next_at"], name="accounts_revocation_due", condition=models.Q(dead_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.hint} of {self.user_id}"


class SeenLogoutToken(models.Model):
    """A back-channel logout token that was taken: its `jti` is good once (S11).

    `sid` is the provider's session that it ended: a sign-in from it that is still on the way opens nothing.
    """

    client = models.CharField(max_length=16, choices=[(c.value, c.value) for c in ClientName])
    jti = models.CharField(max_length=255)
    sid = models.CharField(max_length=255, blank=True, db_default="")
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "jti"], name="accounts_logout_token_once")]

    def __str__(self) -> str:
        return f"{self.client} {self.jti}"
