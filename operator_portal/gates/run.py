"""One run of the gate watch."""

from __future__ import annotations

from django.utils import timezone

from operator_portal.gates.findings import Finding
from operator_portal.gates.mail import mail_red
from operator_portal.gates.own_layers import check_own
from operator_portal.gates.provider_layer import check_provider
from operator_portal.gates.record import record_run


def check_gates() -> list[Finding]:
    """Look at all three layers, keep what is found, and return it.

    Speaks to authentik for at most some seconds when it is away, so no transaction may be open.
    """
    findings = [*check_provider(), *check_own()]
    record_run(findings=findings, at=timezone.now(), tell=lambda numbers: mail_red.defer(transitions=numbers))
    return findings
