"""What the operator portal remembers by itself: the state of the gates. These rows belong to no tenant."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from operator_portal.enums import Check, GateState, Layer


class GateCheck(models.Model):
    """The last that is known of one check.

    `known_state` is the last answer, which an authentik that is away does not overwrite: then `state` is
    unknown, `unknown_since` says since when, and `known_at` how old the answer is.
    """

    check_name = models.CharField(max_length=32, choices=Check, primary_key=True)
    layer = models.PositiveSmallIntegerField(choices=Layer)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, choices=GateState)
    text = models.TextField()
    known_state = models.CharField(max_length=16, choices=GateState, blank=True)
    known_text = models.TextField(blank=True)
    expected = models.TextField(blank=True)
    actual = models.TextField(blank=True)
    known_at = models.DateTimeField(null=True)
    since = models.DateTimeField(null=True)
    unknown_since = models.DateTimeField(null=True)
    checked_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["layer", "position"]

    def __str__(self) -> str:
        return f"{self.title}: {self.state_label}"

    @property
    def title(self) -> str:
        """Return what is looked at, in words."""
        return Check(self.check_name).label

    @property
    def state_label(self) -> str:
        """Return the state in words."""
        return GateState(self.state).label

    @property
    def known_state_label(self) -> str:
        """Return the last answer in words; empty if there never was one."""
        return GateState(self.known_state).label if self.known_state else ""


class GateTransition(models.Model):
    """A check that turned from one answer to the other; `before` is empty for the first answer of all."""

    check_name = models.CharField(max_length=32, choices=Check)
    before = models.CharField(max_length=16, choices=GateState, blank=True)
    after = models.CharField(max_length=16, choices=GateState)
    at = models.DateTimeField()
    text = models.TextField()
    expected = models.TextField(blank=True)
    actual = models.TextField(blank=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-at", "-id"], name="operator_gate_history")]

    def __str__(self) -> str:
        return f"{self.title}: {self.after_label}"

    @property
    def title(self) -> str:
        """Return what is looked at, in words; a check of an older release by its name."""
        return Check(self.check_name).label if self.check_name in Check.values else self.check_name

    @property
    def after_label(self) -> str:
        """Return the new state in words."""
        return GateState(self.after).label
