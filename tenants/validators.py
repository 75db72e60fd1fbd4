"""What a slug and a name may hold (T7)."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def validate_slug(value: str) -> None:
    """Accept lower-case letters, digits and inner hyphens.

    Raises:
        ValidationError: anything else.
    """
    if not SLUG.fullmatch(value):
        raise ValidationError("Use small letters, digits and hyphens, and begin and end with a letter or digit.")


def validate_name(value: str) -> None:
    """Accept a name in composed form (NFC) without characters that can't be seen.

    Raises:
        ValidationError: control, format or direction characters, or another form.
    """
    if unicodedata.normalize("NFC", value) != value:
        raise ValidationError("The name is not in Unicode's composed form (NFC).")
    if any(unicodedata.category(character) in _UNSEEN for character in value):
        raise ValidationError("The name holds characters that can't be seen.")
