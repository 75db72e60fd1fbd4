"""A program that calls the API of one workspace, as its owner or with a token."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from tenants.models import Tenant


@dataclass
class Api:
    """Calls below `/api/v1/tenants/<slug>/`."""

    browser: Client
    tenant: Tenant
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Any:
        """Return the answer to a GET."""
        return self.browser.get(self._url(path), headers=self.headers)

    def send(self, method: str, path: str, body: Any = None, *, key: str = "", **headers: str) -> Any:
        """Return the answer to a write; `If_Match="..."` sends that header."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            given["Idempotency-Key"] = key
        content = {} if body is None else body
        return self.browser.generic(
            method,
            self._url(path),
            content if isinstance(content, str) else json.dumps(content),
            content_type="application/json",
            headers={**self.headers, **given},
        )

    def _url(self, path: str) -> str:
        return f"/api/v1/tenants/{self.tenant.slug}/{path}"
