"""Encryption at rest for tokens: MultiFernet, whose first key encrypts and all of which decrypt."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    """Return `text` encrypted with the first of TOKEN_ENCRYPTION_KEYS."""
    return _fernet(tuple(settings.TOKEN_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Return what `encrypt` was given, with whichever key it was encrypted.

    Raises:
        cryptography.fernet.InvalidToken: no key fits.
    """
    return _fernet(tuple(settings.TOKEN_ENCRYPTION_KEYS)).decrypt(text.encode()).decode()


class EncryptedTextField(models.TextField[str, str]):
    """A text that the database holds only encrypted (S9); an empty text stays empty."""

    def from_db_value(self, value: str | None, *_args: Any) -> str | None:
        """Decrypt what the database holds."""
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt what goes to the database."""
        text = super().get_prep_value(value)
        return encrypt(text) if text else text
