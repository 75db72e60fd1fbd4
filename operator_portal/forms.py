"""Forms of the operator portal."""

from django import forms

from tenants.enums import TenantStatus


class TenantFilterForm(forms.Form):
    """Which tenants to list."""

    q = forms.CharField(required=False, max_length=100)
    status = forms.ChoiceField(required=False, choices=[("", "All"), *TenantStatus.choices])
    partner = forms.SlugField(required=False, max_length=63)
    cursor = forms.CharField(required=False, max_length=4096)
