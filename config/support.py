"""The support site: Django admin behind our own sign-in, in a scope that sees every tenant."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.csp import CSP

from accounts.models import User
from tenants.scope import operator_scope

# Django's admin carries jQuery, which knows no Trusted Types; and it styles by attribute in places.
_ADMIN_CSP: dict[str, list[str]] = {
    **{name: value for name, value in settings.SECURE_CSP.items() if not name.startswith(("require-", "trusted-"))},
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
}


_OUR_APPS = {"accounts", "tenants", "partner"}
_NOT_OURS = {"login", "logout", "password_change", "password_change_done", "view_on_site"}


class SupportSite(AdminSite):
    """Django admin for support staff: they look things up."""

    site_header = "Dezky support"
    site_title = "Dezky support"
    index_title = "Look things up"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take our own models alone: dj-stripe would bring the page of its API keys, in plain text."""
        models: list[type[Model]] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        ours = [model for model in models if model._meta.app_label in _OUR_APPS]
        if ours:
            super().register(ours, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """Leave out what our own sign-in does: passwords and signing in or out."""
        return [url for url in super().get_urls() if getattr(url, "name", None) not in _NOT_OURS]

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in active support staff alone."""
        user = request.user
        return isinstance(user, User) and user.is_active and user.is_staff

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """Run each page in the operator's scope, rendering included."""
        inner = super().admin_view(view, cacheable)

        @wraps(view)
        def scoped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.has_permission(request):
                raise PermissionDenied
            with operator_scope():
                response: HttpResponseBase = inner(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
            response._csp_config = _ADMIN_CSP  # type: ignore[attr-defined] # read by Django's CSP middleware
            return response

        return scoped
