"""The support site: Django admin behind our own sign-in, in a scope that sees every tenant."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.csp import CSP

from accounts import answers
from accounts.models import User
from tenants.scope import operator_scope

# Django's admin carries jQuery, which knows no Trusted Types; and it styles by attribute in places.
_ADMIN_CSP: dict[str, list[str]] = {
    **{name: value for name, value in settings.SECURE_CSP.items() if not name.startswith(("require-", "trusted-"))},
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
}


class SupportSite(AdminSite):
    """Django admin for support staff: they look things up."""

    site_header = "Dezky support"
    site_title = "Dezky support"
    index_title = "Look things up"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in active support staff alone."""
        user = request.user
        return isinstance(user, User) and user.is_active and user.is_staff

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """Run each page in the operator's scope, rendering included."""
        inner = super().admin_view(view, cacheable)

        @wraps(view)
        def scoped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with operator_scope():
                response: HttpResponseBase = inner(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
            response._csp_config = _ADMIN_CSP  # type: ignore[attr-defined] # read by Django's CSP middleware
            return response

        return scoped

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002 - Django's signature
        """Send to our sign-in: this site has no password form."""
        return answers.forbidden(request) if isinstance(request.user, User) else answers.sign_in(request)
