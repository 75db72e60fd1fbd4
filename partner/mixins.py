"""What a view of the partner portal stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.views.generic.base import ContextMixin, View

from accounts import idempotency
from accounts.models import User
from partner import selectors
from partner.models import PartnerStaff
from tenants import visits
from tenants.scope import partner_scope


class PartnerStaffRequiredMixin(ContextMixin, View):
    """Lets in staff of a partner and runs the view in that partner's scope, whatever stood before it."""

    staff: PartnerStaff

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the place at a partner, then answer inside the partner's scope; a write with a key once."""
        staff = selectors.staff_of(request.user) if isinstance(request.user, User) else None
        if staff is None:
            raise PermissionDenied
        self.staff = staff
        answer = super().dispatch
        return idempotency.once(request, lambda: self._in_scope(lambda: answer(request, *args, **kwargs)))

    def _in_scope(self, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        with partner_scope(self.staff.partner_id):
            response = run()
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the partner, and the customers' workspaces that this session has open."""
        return super().get_context_data(
            partner=self.staff.partner,
            staff=self.staff,
            partner_views=visits.visits_of(self.request.session),
            **kwargs,
        )
