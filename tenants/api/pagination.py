"""Pages by key for the API: `{"next", "previous", "results"}`."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.keyset import BadCursor, Keyset, Page

DEFAULT_SIZE = 25
MAX_SIZE = 100


class KeysetPagination(BasePagination):
    """Pages a queryset by the `order` of its view; parameters `cursor` and `limit`."""

    page: Page[Any]
    request: Request

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return one page of rows.

        Raises:
            ValidationError: a cursor that is not ours, or a limit outside 1 to 100.
        """
        self.request = request
        order: Keyset = view.order
        try:
            self.page = order.page(queryset, cursor=request.query_params.get("cursor"), size=_size(request))
        except BadCursor as error:
            raise ValidationError({"cursor": ["This is not a cursor of this list."]}) from error
        return list(self.page.items)

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page with the addresses of its neighbours."""
        return Response(
            {
                "next": self._link(self.page.next_cursor),
                "previous": self._link(self.page.previous_cursor),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the OpenAPI description of a page."""
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ARG002 - DRF's signature
        """Return the OpenAPI description of the parameters."""
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE}
        return [
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
            {"name": "limit", "in": "query", "required": False, "schema": limit},
        ]

    def _link(self, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        query = self.request._request.GET.copy()
        query["cursor"] = cursor
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")


def _size(request: Request) -> int:
    raw = request.query_params.get("limit", str(DEFAULT_SIZE))
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw[:6]) <= MAX_SIZE:
        raise ValidationError({"limit": [f"Give a number from 1 to {MAX_SIZE}."]})
    return int(raw)
