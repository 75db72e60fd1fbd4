"""What views of every surface share."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest

from accounts.htmx import is_fragment


class FragmentMixin:
    """Answers HTMX with one partial of the page's template, and everybody else with the page."""

    request: HttpRequest
    template_name: str | None
    fragment: ClassVar[str]

    def get_template_names(self) -> list[str]:
        """Return the partial or the page."""
        return [f"{self.template_name}#{self.fragment}"] if is_fragment(self.request) else [str(self.template_name)]
