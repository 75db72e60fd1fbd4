"""What the API takes: the fields that it names, and nothing else (Z11)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses what it does not know, and what can only be read, by name."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values.

        Raises:
            ValidationError: a field is wrong, or none of ours.
        """
        if isinstance(data, dict):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            # Half a character of UTF-16, which JSON can hold, could not be written into the answer.
            unknown = sorted(str(n).encode(errors="backslashreplace").decode() for n in data if n not in writable)
            if unknown:
                raise serializers.ValidationError({name: ["This can't be set here."] for name in unknown})
        return super().to_internal_value(data)


class NothingSerializer(StrictSerializer):
    """For what takes no field at all."""


def read_body(serializer: type[StrictSerializer], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """Return the values of a request's body.

    Raises:
        ValidationError: it is not what the serializer takes.
    """
    filled = serializer(data=request.data, partial=partial)
    filled.is_valid(raise_exception=True)
    values: dict[str, Any] = filled.validated_data
    return values
