"""Your own profile."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic import View


class ProfileView(View):
    """Shows who you are to Dezky; changing it is the identity provider's work."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page."""
        return render(request, "accounts/profile.html", {"session": request.oidc})  # type: ignore[attr-defined]
