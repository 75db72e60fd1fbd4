"""Two people edit the billing details by the API, in any order: no change is lost unseen (P3)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.billing.api_browser import Api
from tests.contract.checked_stripe import CheckedStripe

_STEPS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["read", "company", "email"])), min_size=3, max_size=7
)


@dataclass
class _Editor:
    """What somebody has seen."""

    tag: str = ""
    seen: dict[str, str] = field(default_factory=dict)


@pytest.mark.django_db
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_p3_whoever_writes_has_seen_what_is_there(
    api: Api, stripe: CheckedStripe, steps: list[tuple[str, str]]
) -> None:
    """P3: a write goes through if and only if nothing has changed since its writer looked."""
    with transaction.atomic():
        editors, there = {"a": _Editor(), "b": _Editor()}, api.get("billing-info").json()
        for number, (name, step) in enumerate(steps):
            editor = editors[name]
            if step == "read" or not editor.tag:
                answer = api.get("billing-info")
                assert answer.json() == there
            else:
                value = f"{name}{number}@acme.test" if step == "email" else f"Company {name}{number}"
                is_current = editor.seen == there
                answer = api.send("PATCH", "billing-info", {step: value}, If_Match=editor.tag)
                assert answer.status_code == (200 if is_current else 412)
                if is_current:
                    assert {**there, step: value} == {**answer.json(), "synced_at": there["synced_at"]}
                    there = answer.json()
                else:
                    assert answer.json()["current"] == there
            editor.tag = answer["ETag"]
            editor.seen = there
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_p3_nobody_writes_while_somebody_else_is_at_it(api: Api, stripe: CheckedStripe) -> None:
    """P3: the version that is read meanwhile stands beside values that are about to change."""
    superuser = urlsplit(os.environ["TEST_DATABASE_SUPERUSER_URL"])
    url = superuser._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    body = {"company": "Acme", "country": "DK"}
    with psycopg.connect(url, autocommit=True) as other:
        key = f"billing details {api.tenant.pk}"
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
        answer = api.send("PATCH", "billing-info", body, If_Match='"1"')
        assert (answer.status_code, answer["ETag"]) == (412, '"1"')
    assert api.send("PATCH", "billing-info", body, If_Match='"1"').status_code == 200
