"""Forms of the operator portal."""

from django import forms

from billing.enums import DriftState, InboxState
from tenants.enums import TenantStatus


class TenantFilterForm(forms.Form):
    """Which tenants to list."""

    q = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(required=False, choices=[("", "All"), *TenantStatus.choices])
    partner = forms.SlugField(required=False, max_length=63)
    cursor = forms.CharField(required=False, max_length=4096)


class PeopleFilterForm(forms.Form):
    """Which people to list."""

    q = forms.CharField(required=False, max_length=100)
    cursor = forms.CharField(required=False, max_length=4096)


class CursorForm(forms.Form):
    """Where in a list to go on."""

    cursor = forms.CharField(required=False, max_length=4096)


class WebhookFilterForm(forms.Form):
    """Which events to list."""

    q = forms.CharField(required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=[("", "All"), *InboxState.choices, ("flagged", "Flagged")])
    cursor = forms.CharField(required=False, max_length=4096)


class RadarFilterForm(forms.Form):
    """Which comparisons with Stripe to list."""

    q = forms.CharField(required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=[("", "All"), *DriftState.choices, ("never", "Never compared")])
    cursor = forms.CharField(required=False, max_length=4096)


class SignOutForm(forms.Form):
    """Why somebody is signed out of everything; it stands in the audit log and in the proof."""

    reason = forms.CharField(
        max_length=200, error_messages={"required": "Say why: it stands in the audit log, with your name."}
    )
