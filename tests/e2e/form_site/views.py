"""A form with a company, a country, a long text and a file; what it is sent stands in the audit log, word for word."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.http import HttpResponse
from django.views.generic import FormView

from accounts import htmx
from tenants import audit
from tenants.audit import Change, Thing
from tenants.enums import AuditAction, Permission
from tenants.mixins import TenantAccessRequiredMixin

THING = "form-site-details"
_INPUT, _TEXT, _SELECT = {"class": "input"}, {"class": "textarea"}, {"class": "select"}


class DetailsForm(forms.Form):
    """What a billing form may hold."""

    company = forms.CharField(widget=forms.TextInput(_INPUT), max_length=100)
    country = forms.ChoiceField(widget=forms.Select(_SELECT), choices=[("NO", "Norway"), ("SE", "Sweden")])
    note = forms.CharField(widget=forms.Textarea(_TEXT), max_length=4000, strip=False)
    logo = forms.FileField()


class DetailsView(TenantAccessRequiredMixin, FormView[DetailsForm]):
    """Shows the form, and writes down what came."""

    permission = Permission.PEOPLE_WRITE
    template_name = "form_site/details.html"
    form_class = DetailsForm
    http_method_names = ("get", "head", "post")

    def form_valid(self, form: DetailsForm) -> HttpResponse:
        """Append one event with all of it."""
        given = form.cleaned_data
        content = given["logo"].read()
        audit.record(
            tenant=self.access.tenant,
            action=AuditAction.PERSON_ADD,
            by=self.actor,
            thing=Thing(type=THING, id="", label=given["company"]),
            changes=(
                Change("country", "", given["country"]),
                Change("note", "", given["note"].replace("\r\n", "\n")),
                Change("logo", given["logo"].name, hashlib.sha256(content).hexdigest()),
            ),
        )
        return htmx.trigger(HttpResponse(status=204), toast={"title": f"{given['company']} is saved."})

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again."""
        return self.render_to_response(self.get_context_data(form=form), status=422)
