"""Readers of single parameters: from Stripe's strings to typed values, or Stripe's error."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from devstack.payments.errors import invalid, missing, unknown

Reader = Callable[[Any, str], Any]
_MAX_METADATA = 50


def text(value: Any, param: str) -> str | None:
    """Read a string; the empty one unsets, which is null."""
    if not isinstance(value, str):
        raise invalid(param, f"Invalid string: {value}")
    if len(value) > 5000:  # noqa: PLR2004 - Stripe's bound for most strings
        raise invalid(param, f"Invalid string: {param} must be at most 5000 characters")
    return value or None


def required_text(value: Any, param: str) -> str:
    """Read a string that may not be empty."""
    read = text(value, param)
    if read is None:
        message = (
            f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{param}' cannot be unset."
        )
        raise invalid(param, message, "parameter_invalid_empty")
    return read


def email(value: Any, param: str) -> str | None:
    """Read an address as loosely as Stripe does."""
    read = text(value, param)
    if read is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", read):
        raise invalid(param, f"Invalid email address: {read}", "email_invalid")
    return read


def boolean(value: Any, param: str) -> bool:
    """Read true or false."""
    if value not in {"true", "false"}:
        raise invalid(param, f"Invalid boolean: {value}")
    return bool(value == "true")


def integer(value: Any, param: str) -> int:
    """Read a whole number."""
    if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,15}", value):
        raise invalid(param, f"Invalid integer: {value}", "parameter_invalid_integer")
    return int(value)


def amount(value: Any, param: str) -> int:
    """Read an amount in minor units."""
    read = integer(value, param)
    if read < 0:
        raise invalid(param, f"Invalid non-negative integer: {value}", "parameter_invalid_integer")
    return read


def decimal_amount(value: Any, param: str) -> Decimal:
    """Read an amount in minor units with up to 12 decimals."""
    try:
        read = Decimal(required_text(value, param))
    except InvalidOperation as error:
        raise invalid(param, f"Invalid decimal: {value}") from error
    exponent = read.as_tuple().exponent
    if not read.is_finite() or read < 0 or not isinstance(exponent, int) or exponent < -12:  # noqa: PLR2004
        raise invalid(param, f"Invalid decimal: {value}")
    return read


def currency(value: Any, param: str) -> str:
    """Read a currency code; Stripe keeps it in lower case."""
    read = required_text(value, param).lower()
    if not re.fullmatch(r"[a-z]{3}", read):
        raise invalid(param, f"Invalid currency: {value}")
    return read


def range_of_times(value: Any, param: str) -> dict[str, int]:
    """Read `created=…` or `created[gte]=…` into bounds by gt, gte, lt and lte, in Unix seconds."""
    if isinstance(value, str):
        moment = integer(value, param)
        return {"gte": moment, "lte": moment}
    if not isinstance(value, dict):
        raise invalid(param, f"Invalid object: {param}")
    return apply(value, dict.fromkeys(("gt", "gte", "lt", "lte"), integer), param)


def one_of(*allowed: str) -> Reader:
    """Return a reader for an enumeration."""

    def read(value: Any, param: str) -> str:
        if value not in allowed:
            raise invalid(param, f"Invalid {param}: must be one of {', '.join(allowed)}")
        return str(value)

    return read


def strings(value: Any, param: str) -> list[str]:
    """Read a list of strings; the empty string empties it."""
    if value == "":
        return []
    if not isinstance(value, list) or any(not isinstance(each, str) for each in value):
        raise invalid(param, f"Invalid array: {param}")
    return list(value)


def group(readers: dict[str, Reader], defaults: dict[str, Any]) -> Reader:
    """Return a reader for a nested object with known fields; the empty string unsets it."""

    def read(value: Any, param: str) -> dict[str, Any] | None:
        if value == "":
            return None
        if not isinstance(value, dict):
            raise invalid(param, f"Invalid object: {param}")
        return {**defaults, **apply(value, readers, param)}

    return read


def metadata(value: Any, param: str) -> dict[str, str]:
    """Read metadata as given; `merge_metadata` lays it over what is there."""
    if value == "":
        return {}
    if isinstance(value, list):
        value = {str(index): each for index, each in enumerate(value)}
    if not isinstance(value, dict) or any(not isinstance(each, str) for each in value.values()):
        raise invalid(param, "Invalid metadata: must be a hash of strings")
    for name, each in value.items():
        if len(name) > 40 or len(each) > 500:  # noqa: PLR2004 - Stripe's bounds
            raise invalid(f"{param}[{name}]", "Metadata keys have at most 40 characters, values at most 500")
    return dict(value)


def merge_metadata(old: dict[str, str], given: Any) -> dict[str, str]:
    """Lay new metadata over old: an empty value removes its key, an empty string removes all."""
    if given == "":
        return {}
    merged = {**old, **metadata(given, "metadata")}
    kept = {name: value for name, value in merged.items() if value}
    if len(kept) > _MAX_METADATA:
        raise invalid("metadata", f"You can specify up to {_MAX_METADATA} keys")
    return kept


def apply(params: dict[str, Any], readers: dict[str, Reader], prefix: str = "") -> dict[str, Any]:
    """Read every parameter with its reader.

    Raises:
        StripeError: a parameter is unknown or its value is wrong.
    """
    read = {}
    for name, value in params.items():
        param = f"{prefix}[{name}]" if prefix else name
        if name not in readers:
            raise unknown(param)
        read[name] = readers[name](value, param)
    return read


def demand(params: dict[str, Any], *names: str) -> None:
    """Demand parameters.

    Raises:
        StripeError: one is missing.
    """
    for name in names:
        if name not in params:
            raise missing(name)
