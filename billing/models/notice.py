"""A mail that is sent once for its subject."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from billing.enums import NoticeKind
from billing.querysets import BillingNoticeQuerySet
from tenants.models import Tenant


class BillingNotice(models.Model):
    """The promise to tell a tenant something; `subject` names the one thing that it is about."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="billing_notices")
    kind = models.CharField(max_length=16, choices=NoticeKind)
    subject = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = BillingNoticeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "kind", "subject"], name="billing_notice_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} about {self.subject}"
