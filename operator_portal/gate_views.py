"""The page of the gates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView, View
from procrastinate.exceptions import AlreadyEnqueued

from accounts import htmx
from accounts.mixins import FragmentMixin
from operator_portal.gates.selectors import Gates, gates, history
from operator_portal.gates.tasks import watch_gates
from operator_portal.mixins import OperatorRequiredMixin

# A run takes at most 20 seconds; after that the worker has not taken it up.
_PATIENCE = timedelta(seconds=30)


class GatesView(FragmentMixin, OperatorRequiredMixin, TemplateView):
    """Shows the three layers, and follows a check that was asked for."""

    fragment = "gates"
    template_name = "operator_portal/gates.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the layers, their history, and whether a check is awaited."""
        found, asked_at = gates(), _moment(self.request.GET.get("asked", ""))
        is_awaited = asked_at is not None and not _is_done(found, asked_at)
        is_late = asked_at is not None and timezone.now() - asked_at > _PATIENCE
        return super().get_context_data(
            gates=found,
            history=history(),
            asked=self.request.GET.get("asked", ""),
            is_waiting=is_awaited and not is_late,
            is_late=is_awaited and is_late,
            **kwargs,
        )


class GateCheckView(OperatorRequiredMixin, View):
    """Asks the worker for a check now; one that is queued already is that check.

    Not in the request itself: a slow authentik would hold a thread of the web for as long as it likes.
    """

    is_scoped = False
    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Enqueue, and lead to the page that follows it."""
        now = timezone.now()
        try:
            with transaction.atomic():
                watch_gates.configure().defer(timestamp=int(now.timestamp()))
        except AlreadyEnqueued:
            pass
        url = f"{reverse('operator:gates')}?asked={int(now.timestamp() * 1000)}"
        return htmx.redirect(url) if htmx.is_fragment(request) else HttpResponseRedirect(url)


def _is_done(found: Gates, asked_at: datetime) -> bool:
    return found.checked_at is not None and found.checked_at >= asked_at


def _moment(milliseconds: str) -> datetime | None:
    """Return the moment that a query string names; None if it names none."""
    if not (milliseconds.isascii() and milliseconds.isdecimal() and len(milliseconds) <= 13):  # noqa: PLR2004
        return None
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
