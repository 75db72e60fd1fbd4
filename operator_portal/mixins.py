"""What a view of the operator portal stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.views.generic.base import View

from accounts import idempotency
from operator_portal.guards import NOT_AUTHORISED, is_operator
from tenants.scope import operator_scope


class OperatorRequiredMixin(View):
    """Asks the third layer, whatever stood before it, and runs the view in the operator's scope.

    The whole view is one transaction. A view that has to commit a step, or to wait for a network call,
    sets `is_scoped = False` and opens the scope for each step.
    """

    is_scoped: ClassVar[bool] = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer inside the operator's scope, a write with a key once; or lead to the not-authorised page."""
        if not is_operator(request):
            return redirect(NOT_AUTHORISED)
        answer = super().dispatch
        return idempotency.once(request, lambda: self._in_scope(lambda: answer(request, *args, **kwargs)))

    def _in_scope(self, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        if not self.is_scoped:
            return run()
        with operator_scope():
            response = run()
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        return response
