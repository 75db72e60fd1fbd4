"""What views of every surface share."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic.base import View

from accounts import idempotency
from accounts.htmx import is_fragment


class FragmentMixin:
    """Answers HTMX with one partial of the page's template, and everybody else with the page."""

    request: HttpRequest
    template_name: str | None
    fragment: ClassVar[str]

    def get_template_names(self) -> list[str]:
        """Return the partial or the page."""
        return [f"{self.template_name}#{self.fragment}"] if is_fragment(self.request) else [str(self.template_name)]


class OnceMixin(View):
    """Applies a write with a key once. The mixins of the surfaces do so by themselves, after their guards."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, or repeat the answer."""
        answer = super().dispatch
        return idempotency.once(request, lambda: answer(request, *args, **kwargs))
