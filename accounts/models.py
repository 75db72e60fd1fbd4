"""People and their sessions at the identity provider."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.clients import OIDCClient, get_client
from accounts.encryption import EncryptedTextField
from accounts.enums import ClientName, Confirmation, EndReason, OrderSubject, TokenHint
from accounts.querysets import OIDCSessionQuerySet


class UserManager(BaseUserManager["User"]):
    """Looks people up by what identifies them."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person whose id is `username`."""
        return self.get(pk=username or "")


class User(AbstractBaseUser):
    """A person, identified by issuer and subject (A4); the e-mail address is only a label.

    `password` is always unusable: sign-in is the identity provider's work.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    issuer = models.CharField(max_length=255)
    sub = models.CharField(max_length=255)
    email = models.CharField(max_length=320, blank=True)
    name = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField(default=True)
    is_platform_admin = models.BooleanField(default=False)
    is_staff = models.BooleanField(default=False)
    reauthenticate_after = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "id"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["issuer", "sub"], name="accounts_user_identity")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Return what to call this person: the name, else the address, else the id."""
        return self.name or self.email or str(self.pk)

    def has_usable_password(self) -> bool:
        """Return False: there is no password here to use or to change."""
        return False

    def get_full_name(self) -> str:
        """Return the person's name, as Django's admin wants it."""
        return self.label

    def get_short_name(self) -> str:
        """Return the person's name, as Django's admin wants it."""
        return self.label

    def is_cut_off(self, issued_at_seconds: object) -> bool:
        """Return whether a sign-in or token of that moment came before the person was signed out everywhere.

        `issued_at_seconds` is a claim such as `iat` or `auth_time`, whole seconds; what is no number
        can't show that it came later. The second of the sign-out itself counts as before.
        """
        if self.reauthenticate_after is None:
            return False
        if not isinstance(issued_at_seconds, int | float):
            return True
        try:
            return int(issued_at_seconds) <= int(self.reauthenticate_after.timestamp())
        except (OverflowError, ValueError):  # infinite, or not a number
            return True

    # Django's admin asks these three. Support staff look things up: they may view, and nothing else.
    def has_perm(self, perm: str, obj: object = None) -> bool:  # noqa: ARG002 - Django's signature
        """Return whether this person may do `perm` in the support site: to view, for support staff."""
        return self.is_active and self.is_staff and perm.rsplit(".", maxsplit=1)[-1].startswith("view_")

    def has_perms(self, perms: list[str], obj: object = None) -> bool:
        """Return whether this person may do all of `perms`."""
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002 - Django's signature
        """Return whether this person sees an app in the support site."""
        return self.is_active and self.is_staff


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
    """A back-channel logout token that was taken: its `jti` is good once (S11)."""

    client = models.CharField(max_length=16, choices=[(c.value, c.value) for c in ClientName])
    jti = models.CharField(max_length=255)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "jti"], name="accounts_logout_token_once")]

    def __str__(self) -> str:
        return f"{self.client} {self.jti}"
