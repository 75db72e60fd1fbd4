"""Forms of the partner portal."""

from django import forms


class CustomerFilterForm(forms.Form):
    """Which customers to list."""

    q = forms.CharField(required=False, max_length=200)
    cursor = forms.CharField(required=False, max_length=4096)
