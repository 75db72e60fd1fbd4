"""Pages of the operator portal."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic import TemplateView, View

from accounts import sessions
from accounts.clients import get_client
from accounts.enums import ClientName, EndReason
from accounts.mixins import FragmentMixin
from accounts.sign_out import sign_out
from operator_portal import billing_selectors, selectors
from operator_portal.forms import TenantFilterForm
from operator_portal.mixins import OperatorRequiredMixin
from tenants.enums import TenantStatus
from tenants.keyset import BadCursor
from tenants.selectors import platform_events


class OverviewView(OperatorRequiredMixin, TemplateView):
    """The platform in numbers, and what happened last."""

    template_name = "operator_portal/overview.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return counts and events."""
        return super().get_context_data(
            counts=selectors.counts(),
            events=platform_events(),
            income=billing_selectors.income(),
            inbox=billing_selectors.inbox_health(),
            **kwargs,
        )


class TenantsView(FragmentMixin, OperatorRequiredMixin, TemplateView):
    """Lists every tenant, by name."""

    fragment = "found"
    template_name = "operator_portal/tenants.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return one page of tenants, with the filters."""
        form = TenantFilterForm(self.request.GET)
        form.is_valid()
        given = form.cleaned_data
        wanted = {name: given.get(name, "") for name in ("status", "partner")}
        text = given.get("q", "")
        try:
            page = selectors.tenants_page(text=text, cursor=given.get("cursor") or None, **wanted)
        except BadCursor:
            page = selectors.tenants_page(text=text, **wanted)
        return super().get_context_data(
            page=page,
            q=text,
            tabs=_tabs(selectors.counts(), wanted["status"]),
            partners=[("direct", "No partner"), *selectors.partner_choices()],
            **wanted,
            **kwargs,
        )


def _tabs(counts: selectors.Counts, current: str) -> list[dict[str, Any]]:
    """Return one tab for each status, with its count."""
    numbers = {"": counts.tenants, "active": counts.active, "trial": counts.trial, "suspended": counts.suspended}
    labels = {"": "All", **{status.value: status.label for status in TenantStatus}}
    return [
        {"value": value, "label": labels[value], "count": number, "is_current": value == current}
        for value, number in numbers.items()
    ]


class NotAuthorisedView(View):
    """Says no, for certain, and signs out fully: both sessions here and the provider's (O2).

    GET changes nothing: its script posts at once, or the person does by the button.
    """

    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page; its form posts itself for somebody who is no operator, by the database's word.

        An operator whom a link led here stays signed in.
        """
        mine = request.oidc  # type: ignore[attr-defined] # set by IdentityMiddleware
        portal = sessions.other_session(request, ClientName.PORTAL)
        session = mine or portal
        is_operator = session is not None and session.user.is_platform_admin
        context = {
            "email": session.user.email if session else "",
            "is_operator": is_operator,
            "is_turned_away": session is not None and not is_operator,
        }
        return render(request, "operator_portal/not_authorised.html", context, status=403)

    def post(self, request: HttpRequest) -> HttpResponse:
        """End both sessions, their tokens, and the provider's session."""
        mine = request.oidc  # type: ignore[attr-defined] # set by IdentityMiddleware
        portal = sessions.other_session(request, ClientName.PORTAL)
        operator = get_client(ClientName.OPERATOR)
        return sign_out(request, operator, [mine, portal], reason=EndReason.NOT_AUTHORISED)
