"""The audit log of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.views.generic import TemplateView

from accounts.mixins import FragmentMixin
from tenants import selectors
from tenants.enums import AuditAction, Permission
from tenants.forms import PERIODS, AuditFilterForm
from tenants.keyset import BadCursor
from tenants.mixins import TenantAccessRequiredMixin
from tenants.models import AuditEvent
from tenants.selectors import AuditFilter


class AuditView(FragmentMixin, TenantAccessRequiredMixin, TemplateView):
    """Lists what happened, newest first, by day."""

    fragment = "events"
    permission = Permission.AUDIT_READ
    template_name = "tenants/audit.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return one page of events, with the filters."""
        form = AuditFilterForm(self.request.GET)
        form.is_valid()
        given = form.cleaned_data
        wanted = AuditFilter(
            text=given.get("q", ""),
            action=given.get("action", ""),
            actor=given.get("actor", ""),
            days=int(given["period"]) if given.get("period") else None,
        )
        tenant = self.access.tenant
        try:
            page = selectors.audit_page(tenant=tenant, wanted=wanted, cursor=given.get("cursor") or None)
        except BadCursor:
            page = selectors.audit_page(tenant=tenant, wanted=wanted)
        return super().get_context_data(
            page=page,
            days=by_day(page.items),
            q=wanted.text,
            action=wanted.action,
            actor=wanted.actor,
            period=given.get("period", ""),
            actions=AuditAction.choices,
            period_choices=PERIODS,
            **kwargs,
        )


def by_day(events: Sequence[AuditEvent]) -> list[dict[str, Any]]:
    """Return events, already in order, in one group for each day of UTC."""
    return [{"date": date, "events": list(group)} for date, group in groupby(events, key=lambda e: e.at.date())]
