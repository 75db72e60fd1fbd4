"""Health for machines: alive, and ready to serve."""

from __future__ import annotations

import logging

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


class _Schema:
    """Whether the tables are those of this release; once they are, it is not asked again."""

    def __init__(self) -> None:
        self._was_current = False

    def is_current(self) -> bool:
        """Return whether no migration is missing."""
        if not self._was_current:
            executor = MigrationExecutor(connection)
            self._was_current = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return self._was_current


_schema = _Schema()


@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process runs; asks nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 if the database answers and its tables are those of this release, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        is_current = _schema.is_current()
    except Error:
        logger.warning("readyz: the database does not answer")
        return JsonResponse({"status": "unavailable", "database": "no answer"}, status=503)
    if not is_current:
        return JsonResponse({"status": "unavailable", "database": "migrations are missing"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})


health_urls = [path("healthz", live, name="live"), path("readyz", ready, name="ready")]
