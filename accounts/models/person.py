"""People."""

from __future__ import annotations

import math
import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone


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
        if isinstance(issued_at_seconds, float) and not math.isfinite(issued_at_seconds):
            return True
        return int(issued_at_seconds) <= int(self.reauthenticate_after.timestamp())

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
