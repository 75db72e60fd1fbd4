"""Billing over all tenants: the catalogue, the inbox of webhooks, and the radar of what differs from Stripe."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.generic import TemplateView, View

from accounts import htmx
from accounts.mixins import FragmentMixin
from accounts.models import User
from billing import reconcile, sync
from billing.enums import DriftState, InboxState
from billing.errors import BillingError
from billing.models import WebhookEvent
from operator_portal import billing_selectors, selectors, services
from operator_portal.forms import RadarFilterForm, WebhookFilterForm
from operator_portal.mixins import OperatorRequiredMixin
from tenants import audit
from tenants.enums import ActorType
from tenants.keyset import BadCursor
from tenants.scope import operator_scope


class PlansView(OperatorRequiredMixin, TemplateView):
    """Shows what plans cost, and what is subscribed to them."""

    template_name = "operator_portal/plans.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the catalogue."""
        return super().get_context_data(
            catalogue=billing_selectors.catalogue(), income=billing_selectors.income(), **kwargs
        )


class PlansReadView(OperatorRequiredMixin, View):
    """Reads the catalogue from Stripe again. Unscoped: no transaction is open while Stripe is asked."""

    is_scoped = False
    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Read, and lead back to the page."""
        try:
            count = sync.catalogue()
        except BillingError as error:
            messages.error(request, f"Not read. {error}")
        else:
            messages.success(request, f"{count} prices read from Stripe.")
        return _lead(request, reverse("operator:plans"))


class WebhooksView(FragmentMixin, OperatorRequiredMixin, TemplateView):
    """Lists what Stripe has told us, the newest first, under how the inbox does."""

    fragment = "found"
    template_name = "operator_portal/webhooks.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return one page of events, with the filters."""
        form = WebhookFilterForm(self.request.GET)
        form.is_valid()
        wanted = {"text": form.cleaned_data.get("q", ""), "state": form.cleaned_data.get("state", "")}
        try:
            page = billing_selectors.events_page(cursor=form.cleaned_data.get("cursor") or None, **wanted)
        except BadCursor:
            page = billing_selectors.events_page(**wanted)
        labels = {"": "All", **{state.value: state.label for state in InboxState}, "flagged": "Flagged"}
        return super().get_context_data(
            page=page,
            q=wanted["text"],
            state=wanted["state"],
            tabs=_tabs(billing_selectors.event_counts(), labels, wanted["state"]),
            health=billing_selectors.inbox_health(),
            **kwargs,
        )


class WebhookReplayView(OperatorRequiredMixin, View):
    """Has one event applied once more."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, event_id: str) -> HttpResponse:
        """Put it back into the inbox, and lead back to the list."""
        event = get_object_or_404(WebhookEvent, pk=event_id)
        if not isinstance(request.user, User):
            raise PermissionDenied
        services.replay_webhook(event=event, by=audit.actor_of(request, request.user, type_=ActorType.OPERATOR))
        messages.success(request, f"{event.type} is applied again, in a moment.")
        return _lead(request, f"{reverse('operator:webhooks')}?q={event.pk}")


class RadarView(FragmentMixin, OperatorRequiredMixin, TemplateView):
    """Lists how each tenant's billing compared with Stripe, and when."""

    fragment = "found"
    template_name = "operator_portal/billing.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return one page of tenants, with the filters."""
        form = RadarFilterForm(self.request.GET)
        form.is_valid()
        wanted = {"text": form.cleaned_data.get("q", ""), "state": form.cleaned_data.get("state", "")}
        try:
            page = billing_selectors.radar_page(cursor=form.cleaned_data.get("cursor") or None, **wanted)
        except BadCursor:
            page = billing_selectors.radar_page(**wanted)
        labels = {"": "All", **{state.value: state.label for state in DriftState}, "never": "Never compared"}
        return super().get_context_data(
            page=page,
            q=wanted["text"],
            state=wanted["state"],
            tabs=_tabs(billing_selectors.radar_counts(), labels, wanted["state"]),
            last_compared=billing_selectors.last_compared(),
            **kwargs,
        )


class CompareView(OperatorRequiredMixin, View):
    """Compares one tenant with Stripe now. Unscoped, as it asks Stripe."""

    is_scoped = False
    http_method_names = ("post",)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Compare, say what came of it, and lead to the tenant's page.

        Raises:
            Http404: there is none of that address.
        """
        with operator_scope():
            tenant = selectors.tenant_by_slug(slug)
        if tenant is None:
            raise Http404
        report = reconcile.compare(tenant)
        if report.state == DriftState.UNKNOWN:
            messages.error(request, f"Not compared. {report.problem}")
        elif report.state == DriftState.DIFFERENT:
            count = f"{report.healed} difference{'' if report.healed == 1 else 's'}"
            messages.warning(request, f"{count} found and brought in line with Stripe.")
        else:
            messages.success(request, "Billing is the same here and at Stripe.")
        return _lead(request, reverse("operator:tenant", kwargs={"slug": slug}))


def _tabs(counts: dict[str, int], labels: dict[str, str], current: str) -> list[dict[str, Any]]:
    return [
        {"value": value, "label": label, "count": counts[value], "is_current": value == current}
        for value, label in labels.items()
    ]


def _lead(request: HttpRequest, url: str) -> HttpResponse:
    return htmx.redirect(url) if htmx.is_fragment(request) else HttpResponseRedirect(url)
