"""What a view of one workspace stands on: the way in, the scope, and the permission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.views.generic.base import ContextMixin, View

from accounts import idempotency
from accounts.models import User
from tenants import audit, visits
from tenants.access import Access, access_to
from tenants.audit import Actor, Thing
from tenants.enums import AuditAction, Outcome, Permission
from tenants.scope import tenant_scope


def enter(request: HttpRequest, *, slug: str, permission: Permission) -> Access:
    """Return the request's way into a workspace, with the right to do `permission`.

    Raises:
        Http404: there is no such workspace for this person.
        PermissionDenied: there is, but not with this permission; told to the workspace's log.
    """
    user = request.user
    if not isinstance(user, User):
        raise Http404
    access = access_to(user=user, slug=slug)
    if access is None:
        raise Http404
    if not access.may(permission):
        with tenant_scope(access.tenant):
            audit.record(
                tenant=access.tenant,
                action=AuditAction.ACCESS_REFUSE,
                by=access.acting(audit.actor_of(request, user)),
                thing=Thing(type="page", id="", label=request.path_info[:255]),
                outcome=Outcome.DENIED,
            )
        raise PermissionDenied
    return access


class TenantAccessRequiredMixin(ContextMixin, View):
    """Lets in who may do `permission` in the workspace of the URL, and runs the view in its scope.

    The whole view, rendering included, is one transaction: an exception anywhere writes nothing. A
    view that has to wait for a network call sets `is_scoped = False` and opens a scope a step.
    """

    permission: ClassVar[Permission]
    is_scoped: ClassVar[bool] = True
    access: Access

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the way in, then answer inside the tenant's scope; a write with a key once."""
        self.access = enter(request, slug=kwargs["slug"], permission=self.permission)
        if request.session.get("last_workspace") != self.access.tenant.slug:
            request.session["last_workspace"] = self.access.tenant.slug
        self._note_visit()
        answer = super().dispatch
        return idempotency.once(request, lambda: self._in_scope(lambda: answer(request, *args, **kwargs)))

    def _in_scope(self, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        if not self.is_scoped:
            return run()
        with tenant_scope(self.access.tenant):
            response = run()
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        return response

    def _note_visit(self) -> None:
        """Remember that a delegate is here, and tell the workspace's log: once an hour for each session."""
        if not visits.note(self.request.session, self.access):
            return
        tenant = self.access.tenant
        with tenant_scope(tenant):
            thing = Thing(type="tenant", id=str(tenant.pk), label=tenant.name)
            audit.record(tenant=tenant, action=AuditAction.ACCESS_VISIT, by=self.actor, thing=thing)

    @property
    def actor(self) -> Actor:
        """Return who acts, as the audit log will name them."""
        user = self.request.user
        if not isinstance(user, User):
            raise PermissionDenied
        return self.access.acting(audit.actor_of(self.request, user))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the tenant, the way in, and whether it opens log and billing, for the navigation."""
        context = {
            "tenant": self.access.tenant,
            "access": self.access,
            "can_read_audit": self.access.may(Permission.AUDIT_READ),
            "can_read_billing": self.access.may(Permission.BILLING_READ),
        }
        return super().get_context_data(**{**context, **kwargs})
