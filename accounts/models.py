"""People and their sessions at the identity provider."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone

from accounts.clients import OIDCClient, get_client
from accounts.encryption import EncryptedTextField
from accounts.enums import ClientName, Confirmation
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
    ended_at = models.DateTimeField(null=True, blank=True)

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
        """Return whether the session still holds: not ended, in both lifetimes, person active (S2, S3)."""
        client = self.oidc_client
        return (
            self.ended_at is None
            and self.user.is_active
            and now < self.created_at + client.absolute
            and now < self.last_seen_at + client.idle
        )

    def confirmation(self, now: datetime, *, is_renewed: bool, grace_seconds: float) -> Confirmation:
        """Return how sure the session's identity is at `now`; grace is counted from the last confirmation."""
        if is_renewed:
            return Confirmation.CONFIRMED
        within = (now - self.confirmed_at).total_seconds() <= grace_seconds
        return Confirmation.GRACE if within else Confirmation.LAPSED
