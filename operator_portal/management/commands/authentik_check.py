"""`authentik_check`: look at the three layers now, and say what is found."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from operator_portal.enums import GateState
from operator_portal.gates.findings import Finding, state_of
from operator_portal.gates.run import check_gates

EXIT_CODES = {GateState.GREEN: 0, GateState.RED: 1, GateState.UNKNOWN: 2}


class Command(BaseCommand):
    """Runs the gate watch once. Exit code 0: all green, 1: something is red, 2: something is unknown."""

    help = "Looks at the three layers before the operator portal. Exits with 0 if all is green, 1 red, 2 unknown."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --json."""
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run, keep what is found, print it, and exit."""
        findings = check_gates()
        self.stdout.write(_as_json(findings) if options["json"] else _as_table(findings))
        code = EXIT_CODES[state_of(finding.state for finding in findings)]
        if code:
            sys.exit(code)


def _as_json(findings: list[Finding]) -> str:
    checks = [
        {
            "layer": int(finding.check.layer),
            "check": finding.check.value,
            "state": finding.state.value,
            "finding": finding.text,
            "expected": finding.expected,
            "actual": finding.actual,
        }
        for finding in findings
    ]
    return json.dumps({"state": state_of(finding.state for finding in findings).value, "checks": checks}, indent=2)


def _as_table(findings: list[Finding]) -> str:
    width = max(len(finding.check.label) for finding in findings)
    lines: list[str] = []
    for finding in findings:
        heading = f"Layer {finding.check.layer.value}: {finding.check.layer.label}"
        if heading not in lines:
            lines += ["", heading]
        lines.append(f"  {finding.state.value:<8} {finding.check.label:<{width}}  {finding.text}")
        if finding.state == GateState.RED:
            lines += [f"{'':<11}expected: {finding.expected}", f"{'':<11}found:    {finding.actual}"]
    lines += ["", f"All in all: {state_of(finding.state for finding in findings).label.lower()}."]
    return "\n".join(lines).lstrip("\n")
