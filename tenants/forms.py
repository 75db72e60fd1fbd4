"""Forms of the tenants app: filters of lists, and the role of a person."""

from __future__ import annotations

from typing import Any

from django import forms

from tenants.enums import AuditAction, MembershipRole

PERIODS = (
    ("", "All time"),
    ("1", "Last 24 hours"),
    ("7", "Last 7 days"),
    ("30", "Last 30 days"),
    ("365", "Last 12 months"),
)


class PeopleFilterForm(forms.Form):
    """Which people to list; what is not understood is left out."""

    q = forms.CharField(required=False, max_length=200)
    role = forms.ChoiceField(required=False, choices=[("", "Any role"), *MembershipRole.choices])
    cursor = forms.CharField(required=False, max_length=4096)


class AuditFilterForm(forms.Form):
    """Which events to list; what is not understood is left out."""

    q = forms.CharField(required=False, max_length=200)
    action = forms.ChoiceField(required=False, choices=[("", "Any event"), *AuditAction.choices])
    actor = forms.CharField(required=False, max_length=320)
    period = forms.ChoiceField(required=False, choices=PERIODS)
    cursor = forms.CharField(required=False, max_length=4096)


class RoleForm(forms.Form):
    """The role to give; an owner may give them all, an admin all but owner."""

    role = forms.ChoiceField(choices=MembershipRole.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, may_make_owner: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_make_owner:
            field = self.fields["role"]
            field.choices = [c for c in MembershipRole.choices if c[0] != MembershipRole.OWNER]  # type: ignore[attr-defined]
