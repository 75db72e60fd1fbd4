"""Paging by key: the cost of a page does not depend on how far in it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet

_MAX_CURSOR = 4096


class BadCursor(ValueError):
    """The cursor is not one that we made."""


@dataclass(frozen=True)
class Page[M]:
    """One page; the cursors are None where there is nothing further."""

    items: Sequence[M]
    next_cursor: str | None
    previous_cursor: str | None


@dataclass(frozen=True)
class Keyset:
    """An order by one column, or one of a related row that is loaded with it, and the id.

    `kind` says how the column's value is read from a cursor: "time" or "text"; `has_text_ids` that ids are no UUIDs.
    """

    field: str
    kind: str
    is_descending: bool = False
    has_text_ids: bool = False

    def page[M: Model](self, rows: QuerySet[M], *, cursor: str | None, size: int) -> Page[M]:
        """Return the page after (or before) `cursor`, of at most `size` rows, in one query.

        Raises:
            BadCursor: `cursor` is not one of ours.
        """
        backwards, key = self._read(cursor) if cursor else (False, None)
        down = self.is_descending != backwards
        sign = "-" if down else ""
        found = rows.order_by(f"{sign}{self.field}", f"{sign}id")
        if key is not None:
            found = found.filter(self._beyond(key, is_down=down))
        items = list(found[: size + 1])
        has_more = len(items) > size
        items = items[:size]
        if backwards:
            items.reverse()
        has_next, has_previous = (bool(cursor), has_more) if backwards else (has_more, bool(cursor))
        return Page(
            items=items,
            next_cursor=self._write(items[-1], backwards=False) if items and has_next else None,
            previous_cursor=self._write(items[0], backwards=True) if items and has_previous else None,
        )

    def _beyond(self, key: tuple[Any, UUID | str], *, is_down: bool) -> Q:
        """Return the filter for rows beyond a key; the first condition lets the index be used."""
        value, pk = key
        operator = "lt" if is_down else "gt"
        return Q(**{f"{self.field}__{operator}e": value}) & (
            Q(**{f"{self.field}__{operator}": value}) | Q(**{self.field: value, f"id__{operator}": pk})
        )

    def _write(self, row: Model, *, backwards: bool) -> str:
        value: Any = reduce(getattr, self.field.split("__"), row)
        text = value.isoformat() if isinstance(value, datetime) else str(value)
        raw = json.dumps(["p" if backwards else "n", text, str(row.pk)], separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    def _read(self, cursor: str) -> tuple[bool, tuple[Any, UUID | str]]:
        if len(cursor) > _MAX_CURSOR:
            raise BadCursor("too long")
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            direction, text, pk = json.loads(raw)
            f"{text}{pk}".encode()  # JSON can name half a character, which the database can't be asked about
            value = datetime.fromisoformat(text) if self.kind == "time" else str(text)
            key = (value, str(pk) if self.has_text_ids else UUID(pk))
        except (ValueError, TypeError, AttributeError) as error:
            raise BadCursor("unreadable") from error
        if direction not in ("n", "p") or "\x00" in f"{text}{pk}" or getattr(value, "tzinfo", True) is None:
            raise BadCursor("unreadable")
        return direction == "p", key
