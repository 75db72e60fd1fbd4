"""Tells platform admins that a gate has turned red."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts.models import User
from operator_portal.models import GateTransition

logger = logging.getLogger(__name__)

# A mail server that is away: tried again after 4, 16, 64, … seconds, ten times, which is most of a fortnight.
_RETRY = RetryStrategy(max_attempts=10, exponential_wait=4)


@app.task(lock="operator_portal.mail_red", retry=_RETRY, pass_context=False)
def mail_red(transitions: list[int]) -> int:
    """Tell every platform admin what turned red, in one mail; return how many were told.

    What was mailed is marked, and the lock keeps two workers from mailing at once, so a task that runs
    again sends nothing.
    """
    turned = list(GateTransition.objects.filter(pk__in=transitions, mailed_at=None).order_by("pk"))
    admins = User.objects.filter(is_platform_admin=True, is_active=True).exclude(email="")
    addresses = sorted({email for email in admins.values_list("email", flat=True) if _is_address(email)})
    if not turned or not addresses:
        logger.warning("gates: %s turned red, %s people to tell", len(turned), len(addresses))
        return 0
    EmailMessage(
        subject=_subject(turned),
        body=render_to_string("emails/gates_red.txt", {"turned": turned, "site_url": settings.SITE_URL}),
        to=addresses,
    ).send()
    GateTransition.objects.filter(pk__in=[transition.pk for transition in turned]).update(mailed_at=timezone.now())
    return len(addresses)


def _is_address(email: str) -> bool:
    """Return whether this is one address: what is none would keep the mail from everybody else."""
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True


def _subject(turned: list[GateTransition]) -> str:
    return f"The operator gate is not in place ({len(turned)} finding{'s' if len(turned) > 1 else ''})"
