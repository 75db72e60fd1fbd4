"""The gates in a browser: taken away at authentik, seen at a click, told by mail, and put back."""

from __future__ import annotations

import json
import time
import urllib.request
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.e2e.stack import Stack
from tests.e2e.watch import Watched

_SUBJECT = "The operator gate is not in place (3 findings)"


def _subjects(stack: Stack) -> list[str]:
    """Return the subjects of the mails that have arrived."""
    site = urlsplit(stack.url)
    with urllib.request.urlopen(f"http://127.0.0.1:{(site.port or 0) + 3}/messages.json", timeout=5) as answer:
        return [message["subject"].strip() for message in json.load(answer)["messages"]]


def test_a_gate_taken_away_is_seen_at_a_click_mailed_and_seen_again_when_it_is_back(watched: Watched) -> None:
    page, stack = watched.page, watched.stack
    watched.sign_in("operator@dezky.test", "/operator/gates/")
    page.goto(f"{stack.url}/operator/gates/")
    expect(page.get_by_text("All three layers are in place")).to_be_visible()
    stack.control("configure", change="disable_binding")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("The gate is not in place")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("The binding is switched off: the policy does not count").first).to_be_visible()
    expect(page.get_by_text("enabled: false")).to_be_visible()
    deadline = time.monotonic() + 20
    while _SUBJECT not in _subjects(stack):
        assert time.monotonic() < deadline, _subjects(stack)
        time.sleep(0.2)
    stack.control("reset")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("All three layers are in place")).to_be_visible(timeout=20_000)
    watched.check_quiet()
