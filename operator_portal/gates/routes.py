"""The operator's routes, found by walking the resolver: a new page or API is looked at without being listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver, reverse

_PAGES, _API, _API_PREFIX = "operator", "api", "operator/"
_FILL: dict[str, Any] = {"int": 0, "slug": "self-test", "str": "self-test", "uuid": UUID(int=0), "path": "self-test"}


@dataclass(frozen=True)
class OperatorRoute:
    """One route, with arguments that lead to nothing."""

    name: str
    pattern: URLPattern

    @property
    def arguments(self) -> dict[str, Any]:
        """Return a value for each argument of the path."""
        converters = self.pattern.pattern.converters
        return {name: _FILL[_kind(converter)] for name, converter in converters.items()}

    @property
    def path(self) -> str:
        """Return a path that leads here."""
        return reverse(self.name, kwargs=self.arguments)


def operator_pages() -> list[OperatorRoute]:
    """Return every page of the operator portal."""
    return [route for namespace, route in _routes() if namespace == _PAGES]


def operator_api() -> list[OperatorRoute]:
    """Return every API that is the operator's."""
    return [
        route
        for namespace, route in _routes()
        if namespace == _API and str(route.pattern.pattern).startswith(_API_PREFIX)
    ]


def _routes() -> Iterator[tuple[str, OperatorRoute]]:
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and entry.namespace in (_PAGES, _API):
            for pattern in _leaves(entry):
                yield entry.namespace, OperatorRoute(f"{entry.namespace}:{pattern.name}", pattern)


def _leaves(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _leaves(entry)
        else:
            yield entry


def _kind(converter: object) -> str:
    return type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
