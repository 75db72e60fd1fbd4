"""The kill switch: sign a person or a workspace out of everything, and see the proof."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import FormView, TemplateView

from accounts import endings, htmx
from accounts.mixins import FragmentMixin
from accounts.models import SignOutOrder, User
from accounts.step_up import StepUpRequiredMixin
from operator_portal import selectors, services
from operator_portal.forms import CursorForm, SignOutForm
from operator_portal.mixins import OperatorRequiredMixin
from tenants import audit
from tenants.audit import Actor
from tenants.enums import ActorType
from tenants.keyset import BadCursor
from tenants.models import Tenant
from tenants.scope import operator_scope


class _SignOutFormView(FragmentMixin, OperatorRequiredMixin, StepUpRequiredMixin, FormView[SignOutForm]):
    """A dialog that asks why; without HTMX the same URL is a page of its own.

    Unscoped: the order has to be committed before its proof can be looked for.
    """

    is_scoped = False
    fragment = "dialog"
    template_name = "operator_portal/sign_out_form.html"
    form_class = SignOutForm
    http_method_names = ("get", "head", "post")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Note when the request came: the proof counts from there."""
        self.asked_at: datetime = timezone.now()
        super().setup(request, *args, **kwargs)

    @property
    def operator(self) -> User:
        """Return who gives the order."""
        if not isinstance(self.request.user, User):
            raise PermissionDenied
        return self.request.user

    @property
    def actor(self) -> Actor:
        """Return who gives the order, as the audit log names them."""
        return audit.actor_of(self.request, self.operator, type_=ActorType.OPERATOR)

    def done(self, order: SignOutOrder) -> HttpResponse:
        """Lead to the proof."""
        messages.success(self.request, f"{order.subject_label} is signed out of everything.")
        response = redirect("operator:sign-out", order_id=order.pk)
        return htmx.redirect(response["Location"]) if htmx.is_fragment(self.request) else response

    def form_invalid(self, form: SignOutForm) -> HttpResponse:
        """Show the dialog again, with what is missing."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


class SignOutPersonView(_SignOutFormView):
    """Signs one person out of everything."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whom it is about."""
        person = self._person()
        return super().get_context_data(
            label=person.label,
            back_url=f"/operator/people/{person.pk}/",
            is_self=person.pk == self.operator.pk,
            **kwargs,
        )

    def form_valid(self, form: SignOutForm) -> HttpResponse:
        """Give the order."""
        order = services.sign_out_person(
            person=self._person(),
            reason=form.cleaned_data["reason"],
            by=self.operator,
            actor=self.actor,
            asked_at=self.asked_at,
        )
        return self.done(order)

    def _person(self) -> User:
        return get_object_or_404(User, pk=self.kwargs["person_id"])


class SignOutTenantView(_SignOutFormView):
    """Signs everybody of a workspace out of everything."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whom it is about."""
        with operator_scope():
            tenant = self._tenant()
            people = len(selectors.people_of(tenant))
        return super().get_context_data(
            label=tenant.name, people=people, back_url=f"/operator/tenants/{tenant.slug}/", **kwargs
        )

    def form_valid(self, form: SignOutForm) -> HttpResponse:
        """Give the order."""
        with operator_scope():
            tenant = self._tenant()
        order = services.sign_out_tenant(
            tenant=tenant,
            reason=form.cleaned_data["reason"],
            by=self.operator,
            actor=self.actor,
            asked_at=self.asked_at,
        )
        return self.done(order)

    def _tenant(self) -> Tenant:
        tenant = selectors.tenant_by_slug(self.kwargs["slug"])
        if tenant is None:
            raise Http404
        return tenant


class SignOutsView(OperatorRequiredMixin, TemplateView):
    """Lists the orders, the newest first, each with what was measured."""

    template_name = "operator_portal/sign_outs.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return one page of orders."""
        form = CursorForm(self.request.GET)
        form.is_valid()
        try:
            page = selectors.orders_page(cursor=form.cleaned_data.get("cursor") or None)
        except BadCursor:
            page = selectors.orders_page()
        return super().get_context_data(page=page, **kwargs)


class SignOutView(FragmentMixin, OperatorRequiredMixin, TemplateView):
    """One order and its proof; asks again by itself until the last token is dead."""

    fragment = "proof"
    template_name = "operator_portal/sign_out.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the order, with what the provider has yet to take back."""
        order = get_object_or_404(SignOutOrder, pk=self.kwargs["order_id"])
        waiting = endings.awaited_by(order).order_by("-attempts")
        return super().get_context_data(order=order, waiting=waiting.count(), worst=waiting.first(), **kwargs)
