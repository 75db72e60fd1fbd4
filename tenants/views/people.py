"""The people of a workspace: the list, and the dialogs that change it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import FormView, TemplateView

from accounts import htmx, step_up
from accounts.mixins import FragmentMixin
from tenants import selectors
from tenants.enums import MembershipRole, MembershipSource, Permission
from tenants.forms import PeopleFilterForm, RoleForm
from tenants.keyset import BadCursor
from tenants.mixins import TenantAccessRequiredMixin
from tenants.models import Membership
from tenants.services import people
from tenants.services.people import PeopleError


class PeopleView(FragmentMixin, TenantAccessRequiredMixin, TemplateView):
    """Lists the members, by name."""

    fragment = "rows"
    permission = Permission.PEOPLE_READ
    template_name = "tenants/people.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return one page of members, with what the reader may do to each."""
        form = PeopleFilterForm(self.request.GET)
        form.is_valid()
        text, role = form.cleaned_data.get("q", ""), form.cleaned_data.get("role", "")
        tenant = self.access.tenant
        try:
            page = selectors.people_page(
                tenant=tenant, text=text, role=role, cursor=form.cleaned_data.get("cursor") or None
            )
        except BadCursor:
            page = selectors.people_page(tenant=tenant, text=text, role=role)
        has_one_owner = selectors.has_one_owner(tenant=tenant)
        for member in page.items:
            self._describe(member, has_one_owner=has_one_owner)
        return super().get_context_data(
            page=page,
            q=text,
            role=role,
            roles=MembershipRole.choices,
            filter_form=form,
            may_add=self.access.may(Permission.BILLING_WRITE),  # whoever is added may need a seat
            **kwargs,
        )

    def _describe(self, member: Membership, *, has_one_owner: bool) -> None:
        member.is_self = member.user_id == self.actor.user_id  # type: ignore[attr-defined] # for the template
        member.is_last_owner = has_one_owner and member.role == MembershipRole.OWNER  # type: ignore[attr-defined]
        member.can_edit = self.access.may(Permission.PEOPLE_WRITE)  # type: ignore[attr-defined]


class PersonDialogView(FragmentMixin, TenantAccessRequiredMixin, FormView[Any]):
    """A dialog about one person; without HTMX the same URL is a page of its own."""

    fragment = "dialog"
    permission = Permission.PEOPLE_WRITE
    http_method_names = ("get", "head", "post")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Keep the id of the membership."""
        super().setup(request, *args, **kwargs)
        self.membership_id: UUID = kwargs["membership_id"]

    @property
    def member(self) -> Membership:
        """Return the person the dialog is about.

        Raises:
            Http404: nobody of that id is in this workspace.
        """
        found = selectors.person(tenant=self.access.tenant, membership_id=self.membership_id)
        if found is None:
            raise Http404
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the person, and why nothing can be changed, if so."""
        member = self.member
        return super().get_context_data(membership=member, reason_locked=self._reason_locked(member), **kwargs)

    def _reason_locked(self, member: Membership) -> str:
        if member.user_id == self.actor.user_id:
            return "You can't change your own access. Ask another owner or admin."
        if member.source == MembershipSource.DIRECTORY:
            return "This person comes from your directory. Change their groups there, and it follows here."
        if member.role == MembershipRole.OWNER and not self.may_make_owner:
            return "Only an owner can change who owns the workspace."
        if member.role == MembershipRole.OWNER and selectors.has_one_owner(tenant=self.access.tenant):
            return "This is the last owner. Make somebody else an owner first."
        return ""

    @property
    def may_make_owner(self) -> bool:
        """Return whether the reader is an owner."""
        membership = self.access.membership
        return membership is not None and membership.role == MembershipRole.OWNER

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for a fresh sign-in before the workspace's owners change (O6)."""
        if self.touches_owner() and not step_up.is_fresh(request.oidc):  # type: ignore[attr-defined] # our middleware
            return step_up.challenge(request)
        return super().post(request, *args, **kwargs)

    def touches_owner(self) -> bool:
        """Return whether the request would change who owns the workspace."""
        is_owner: bool = self.member.role == MembershipRole.OWNER
        return is_owner or self.request.POST.get("role") == MembershipRole.OWNER

    def done(self, text: str) -> HttpResponse:
        """Close the dialog and have the list read again; without HTMX, go back to the list."""
        if htmx.is_fragment(self.request):
            events = {"dialog__close": {}, "toast": {"title": text}, "people__changed": {}}
            return htmx.trigger(HttpResponse(status=204), **events)
        messages.success(self.request, text)
        return redirect("tenants:people", slug=self.access.tenant.slug)

    def refused(self, form: Any, error: PeopleError) -> HttpResponse:
        """Show the dialog again, with the reason in it."""
        form.add_error(None, str(error))
        return self.form_invalid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the dialog again, with each error at its field."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


class PersonRoleView(PersonDialogView):
    """Changes a person's role."""

    template_name = "tenants/person_role.html"
    form_class = RoleForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the roles that the reader may give."""
        return {**super().get_form_kwargs(), "may_make_owner": self.may_make_owner}

    def get_initial(self) -> dict[str, Any]:
        """Begin with the role as it is."""
        return {"role": self.member.role}

    def form_valid(self, form: RoleForm) -> HttpResponse:
        """Change the role."""
        role = MembershipRole(form.cleaned_data["role"])
        try:
            member = people.change_role(
                tenant=self.access.tenant, membership_id=self.membership_id, role=role, by=self.actor
            )
        except PeopleError as error:
            return self.refused(form, error)
        return self.done(f"{member.user.label} is now {role.label.lower()}.")


class PersonRemoveView(PersonDialogView):
    """Removes a person."""

    template_name = "tenants/person_remove.html"
    form_class = Form

    def form_valid(self, form: Any) -> HttpResponse:
        """Remove the person."""
        name = self.member.user.label
        try:
            people.remove_member(tenant=self.access.tenant, membership_id=self.membership_id, by=self.actor)
        except PeopleError as error:
            return self.refused(form, error)
        return self.done(f"{name} was removed.")
