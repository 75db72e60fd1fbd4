"""P2: the number of a card never comes near Dezky."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.e2e.card_desk import CANARY, Desk
from tests.e2e.stack import Stack


def test_no_card_number_comes_near_dezky(desk: Desk) -> None:
    """Neither in a request, nor in a log, nor in the database."""
    desk.open()
    desk.save(CANARY)
    desk.is_saved("8210")
    spaced = re.compile(rb"5200(%20|[ +-])?8282(%20|[ +-])?8282(%20|[ +-])?8210")
    for request in desk.sent:
        whole = f"{request.url} {request.headers} {request.post_data or ''}".encode()
        assert not spaced.search(whole)
    bodies = [request.post_data or "" for request in desk.posts("/payment-method/")]
    assert [re.fullmatch(r"payment_method=pm_\w+", body) is not None for body in bodies] == [True]
    time.sleep(1)  # the worker's log
    log = desk.stack.output().encode()
    assert b"/payment-method/" in log or b"setup_intents" in log
    assert not spaced.search(log)
    for file in (desk.stack.directory / "log").glob("*"):
        assert not spaced.search(file.read_bytes()), file
    assert _tables_with(desk.stack, "payments_standin") == []


def _tables_with(stack: Stack, but_schema: str) -> list[str]:
    """Return the tables of Dezky's own that hold the canary."""
    found = []
    with stack.database() as connection:
        tables: list[Any] = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema', %s)",
            [but_schema],
        ).fetchall()
        for schema, table in tables:
            query = f'SELECT 1 FROM "{schema}"."{table}" AS r WHERE r::text ~ %s LIMIT 1'
            if connection.execute(query.encode(), ["5200 ?8282 ?8282 ?8210"]).fetchone():
                found.append(f"{schema}.{table}")
    return found
