"""Launcher and dashboard."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.generic import TemplateView, View

from accounts.models import User
from billing.charts import chart_of, comparison_of
from billing.selectors import account_of, spend_year
from partner.selectors import staff_of
from tenant_portal import selectors
from tenants.enums import Permission
from tenants.mixins import TenantAccessRequiredMixin
from tenants.selectors import recent_events, role_counts


class LauncherView(View):
    """The first page: the doors that are open to you."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show tiles and workspaces."""
        user = _person(request)
        memberships = selectors.memberships_of(user)
        context = {"memberships": memberships, "tiles": selectors.tiles_for(user, memberships)}
        return render(request, "tenant_portal/launcher.html", context)


class ProfileView(View):
    """Who you are to Dezky; changing it is the identity provider's work."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page."""
        user = _person(request)
        staff = staff_of(user)
        context = {
            "memberships": selectors.memberships_of(user),
            "partner": {"name": staff.partner.name, "role_label": staff.role_label} if staff else None,
            "signed_in_at": request.oidc.created_at,  # type: ignore[attr-defined] # set by IdentityMiddleware
            "identity_provider_url": request.oidc_client.identity_issuer,  # type: ignore[attr-defined] # as above
        }
        return render(request, "accounts/profile.html", context)


class WorkspaceIndexView(View):
    """`/admin/` leads to the workspace you were in last, else to the first one."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Redirect to a workspace, or say that there is none to administer."""
        slugs = [m.tenant.slug for m in selectors.memberships_of(_person(request)) if m.is_admin]
        if not slugs:
            return render(request, "tenants/no_workspace.html", status=403)
        last = request.session.get("last_workspace")
        return redirect("dashboard:overview", slug=last if last in slugs else slugs[0])


class DashboardView(TenantAccessRequiredMixin, TemplateView):
    """A workspace at a glance: seats, plan, people by role, what happened last."""

    permission = Permission.PEOPLE_READ
    template_name = "tenant_portal/dashboard.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return figures and events; a delegate sees events only with the permission for them."""
        tenant = self.access.tenant
        roles = role_counts(tenant=tenant)
        can_read_audit = self.access.may(Permission.AUDIT_READ)
        return super().get_context_data(
            seats_left=max(0, tenant.seats - tenant.seats_used),
            roles=roles,
            members_count=sum(role.count for role in roles),
            recent_events=recent_events(tenant=tenant) if can_read_audit else [],
            **self._billing(),
            **kwargs,
        )

    def _billing(self) -> dict[str, Any]:
        """Return the figures of billing; nothing for whoever may not read it."""
        if not self.access.may(Permission.BILLING_READ):
            return {}
        tenant = self.access.tenant
        account = account_of(tenant=tenant)
        years = spend_year(tenant=tenant) if account else []
        mine = next((year for year in years if account and year.currency == account.currency), None)
        return {
            "account": account,
            "charts": [(year, chart_of(year)) for year in years if year.highest_minor > 0],
            "comparison": comparison_of(mine) if mine else None,
        }


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
