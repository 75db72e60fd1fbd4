"""A browser page that is watched: whatever goes wrong on it, visibly or not, fails the test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request, Response, expect

from tests.e2e.stack import Stack

_AXE = Axe()
# What axe judges: tags, classes, attributes, what is open, the window and its colours; not the words.
_FINGERPRINT = """() => JSON.stringify([innerWidth, matchMedia('(prefers-color-scheme: dark)').matches,
    [...document.querySelectorAll('*')].map(e => [e.tagName, String(e.className.baseVal ?? e.className),
        [...e.attributes].map(a => a.name + (a.name.startsWith('aria-') || a.name === 'role' ? a.value : '')),
        e.popover && e.matches(':popover-open')])])"""
_looked_at: set[int] = set()  # in this worker: one person's page is built like the next one's
_WIDTHS = (320, 390, 600, 768, 1024, 1280, 1440, 1920)


class Watched:
    """One page of one browser, with the site behind it."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self.page = page
        self.stack = stack
        self.problems: list[str] = []
        self._expected: list[set[int]] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(f"error in the page: {error}"))
        page.on("requestfailed", self._on_failure)
        page.on("response", self._on_response)

    @property
    def path(self) -> str:
        """Return where the page is, without the host."""
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def visit(self, path: str, status: int = 200) -> None:
        """Open a page of the site, demand its status, and look for problems."""
        with self.expecting(status):
            answer = self.page.goto(self.stack.url + path)
        assert answer is not None
        assert answer.status == status, (path, answer.status)
        self.check()

    @contextmanager
    def expecting(self, *statuses: int) -> Iterator[None]:
        """Let answers with these statuses pass while inside."""
        self._expected.append(set(statuses))
        try:
            yield
        finally:
            # What the browser has heard by now is told to us before the next answer of its own.
            self.page.evaluate("() => true")
            self._expected.pop()

    def sign_in(self, email: str, path: str = "/") -> None:
        """Open a page of the site and click on a person at the provider."""
        self.page.goto(self.stack.url + path)
        self.choose(email)

    def choose(self, email: str) -> None:
        """Click on a person at the provider, and come back."""
        expect(self.page.get_by_role("heading", name=re.compile("^Sign in to"))).to_be_visible()
        self.page.locator(f'button[name="username"][value="{email}"]').click()
        self.page.wait_for_url(f"{self.stack.url}/**")

    def sign_out(self) -> None:
        """Sign out by the user menu."""
        self.page.get_by_role("button", name=re.compile("^Your account,")).click()
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("heading", name="You have been signed out")).to_be_visible()

    def check(self, *rules: str) -> None:
        """Demand that nothing has gone wrong and that axe finds nothing, by all its rules or by these."""
        self.check_quiet()
        fingerprint = hash((self.page.evaluate(_FINGERPRINT), rules))
        if fingerprint in _looked_at:
            return
        # What others frame in is theirs; axe could only knock at it, which the browser would complain of.
        options: dict[str, object] = {"iframes": False}
        if rules:
            options["runOnly"] = {"type": "rule", "values": list(rules)}
        found = [
            f"{rule['id']}: {', '.join(str(node['target']) for node in rule['nodes'])}"
            for rule in _AXE.run(self.page, options=options).response["violations"]
        ]
        assert not found, f"axe at {self.path}: {found}"
        _looked_at.add(fingerprint)

    def check_quiet(self) -> None:
        """Demand that nothing has gone wrong."""
        assert not self.problems, f"at {self.path}: {self.problems}"

    def check_reflow(self) -> None:
        """Demand that the page is nowhere wider than its window, at any common width."""
        size = self.page.viewport_size
        for width in _WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            wide = self.page.evaluate(
                """() => document.documentElement.scrollWidth > innerWidth
                    || [...document.querySelectorAll('main, .panel')].some(e => e.scrollWidth > e.clientWidth + 1)"""
            )
            assert not wide, f"{self.path} is wider than {width} px"
        if size:
            self.page.set_viewport_size(size)

    def _on_console(self, message: ConsoleMessage) -> None:
        # A refused or failed resource is reported with its address by the two below.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"console: {message.text}")

    def _on_failure(self, request: Request) -> None:
        # Leaving a page ends what it was still fetching.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"failed: {request.url} ({request.failure})")

    def _on_response(self, response: Response) -> None:
        allowed = set().union(*self._expected) if self._expected else set()
        if response.status >= 400 and response.status not in allowed:
            self.problems.append(f"{response.status}: {response.request.method} {response.url}")
