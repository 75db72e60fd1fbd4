"""One workspace and one person, as an operator sees them."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.views.generic import TemplateView

from accounts.mixins import FragmentMixin
from accounts.models import User
from accounts.selectors import living_sessions
from operator_portal import billing_selectors, selectors
from operator_portal.forms import PeopleFilterForm
from operator_portal.mixins import OperatorRequiredMixin
from tenants.keyset import BadCursor
from tenants.selectors import recent_events, role_counts


class PeopleView(FragmentMixin, OperatorRequiredMixin, TemplateView):
    """Lists everybody who has signed in, by address."""

    fragment = "rows"
    template_name = "operator_portal/people.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return one page of people."""
        form = PeopleFilterForm(self.request.GET)
        form.is_valid()
        text = form.cleaned_data.get("q", "")
        try:
            page = selectors.people_page(text=text, cursor=form.cleaned_data.get("cursor") or None)
        except BadCursor:
            page = selectors.people_page(text=text)
        return super().get_context_data(page=page, q=text, **kwargs)


class PersonView(OperatorRequiredMixin, TemplateView):
    """Shows one person: roles, workspaces, and where they are signed in."""

    template_name = "operator_portal/person.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the person."""
        person = get_object_or_404(User, pk=self.kwargs["person_id"])
        return super().get_context_data(
            person=person,
            memberships=selectors.memberships_of(person),
            sessions=living_sessions(person),
            **kwargs,
        )


class TenantView(OperatorRequiredMixin, TemplateView):
    """Shows one workspace, whatever its status."""

    template_name = "operator_portal/tenant.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the workspace.

        Raises:
            Http404: there is none of that address.
        """
        tenant = billing_selectors.with_billing(self.kwargs["slug"])
        if tenant is None:
            raise Http404
        return super().get_context_data(
            tenant=tenant,
            roles=role_counts(tenant=tenant),
            signed_in=selectors.signed_in_of(tenant),
            events=recent_events(tenant=tenant),
            **kwargs,
        )
