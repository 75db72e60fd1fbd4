"""What deploy/compose.yaml gives to authentik, and what deploy/.env.example lists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

DEPLOY = Path(settings.BASE_DIR) / "deploy"
IDENTITY = ("authentik-server", "authentik-worker")


def services() -> dict[str, dict[str, Any]]:
    """Return the services of the compose file, YAML's anchors and merges resolved."""
    document = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = document["services"]
    return found


def environment(service: str) -> dict[str, str]:
    """Return the variables of a service, with compose's own ${…} as they stand."""
    return {name: str(value) for name, value in services()[service].get("environment", {}).items()}


def identity_environment() -> dict[str, str]:
    """Return what both of authentik's containers are given, each variable with the same value."""
    first, *others = (environment(service) for service in IDENTITY)
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def listed_variables() -> set[str]:
    """Return the variables that deploy/.env.example lists."""
    text = (DEPLOY / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^#? ?([A-Z_]+)=", text, re.MULTILINE))
