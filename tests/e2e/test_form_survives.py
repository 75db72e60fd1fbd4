"""Must show 4: a form with a file, a long text and a selected option outlives everything that can befall a session.

`DEZKY_PICTURES` names a directory for the pictures of it.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import stack as stacks
from tests.e2e.conftest import opening
from tests.e2e.form_site.views import THING
from tests.e2e.stack import Stack
from tests.e2e.watch import Watched

pytestmark = pytest.mark.stack

ADMIN, STRANGER = "admin@globex.test", "admin@acme.test"
DETAILS = "/admin/globex/details/"
DOWN_SECONDS = 20.0
NOTE = "Grüße & <b>æøå</b> 'quoted' \"twice\" 100 % + = ; \N{SNOWMAN}\n" * 40
LOGO = bytes(range(256)) * 1200
_SESSIONS = "ended_at IS NULL AND user_id = (SELECT id FROM accounts_user WHERE email = %s)"
_EVENTS = "SELECT object_label, changes FROM tenants_auditevent WHERE object_type = %s ORDER BY at"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Give a Dezky with the form."""
    stack = stacks.start(tmp_path_factory.mktemp("form") / "data", program="tests.e2e.form_site.up")
    yield stack
    stacks.stop(stack)


@pytest.fixture
def form(browser: Browser, own: Stack, tmp_path: Path) -> Iterator[Watched]:
    """Give a page on which somebody has filled the form in."""
    with opening(browser, own) as open_page:
        watched = open_page()
        watched.sign_in(ADMIN, DETAILS)
        fill(watched.page, tmp_path)
        yield watched
        own.control("reset", sessions=True)


def fill(page: Page, directory: Path) -> None:
    logo = directory / "logo.bin"
    logo.write_bytes(LOGO)
    page.get_by_label("Company").fill("Globex & Søn")
    page.get_by_label("Country").select_option("SE")
    page.get_by_label("Note").fill(NOTE)
    page.get_by_label("Logo").set_input_files(logo)


def is_still_filled_in(page: Page) -> None:
    expect(page.get_by_label("Company")).to_have_value("Globex & Søn")
    expect(page.get_by_label("Country")).to_have_value("SE")
    expect(page.get_by_label("Note")).to_have_value(NOTE)
    assert page.get_by_label("Logo").evaluate("input => [input.files.length, input.files[0]?.size]") == [1, len(LOGO)]


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()


def is_saved(page: Page) -> None:
    expect(page.get_by_text("Globex & Søn is saved.")).to_be_visible(timeout=40_000)


class Book:
    """What the form has written, read on from where it was read last; the log itself can only grow."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._read = 0
        self.new()

    def new(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what has been written since the last look."""
        with self._stack.database() as connection:
            rows = connection.execute(_EVENTS.encode(), [THING]).fetchall()
        new, self._read = rows[self._read :], len(rows)
        return [(label, {c["field"]: (c["before"], c["after"]) for c in changes}) for label, changes in new]


@pytest.fixture
def book(own: Stack) -> Book:
    """Return what the form writes from now on."""
    return Book(own)


EVERYTHING = (
    "Globex & Søn",
    {
        "country": ("", "SE"),
        "note": ("", NOTE),
        "logo": ("logo.bin", hashlib.sha256(LOGO).hexdigest()),
    },
)


def expire(stack: Stack) -> None:
    """Let the access token have run out."""
    query = "UPDATE accounts_oidcsession SET access_expires_at = now() - interval '1 minute', renewal_failed_at = NULL"
    assert stack.change(f"{query} WHERE {_SESSIONS}", ADMIN) >= 1


def end(stack: Stack) -> None:
    """Let the session have ended at the provider; its back-channel may say so before the next request, or not."""
    expire(stack)
    stack.control("revoke", email=ADMIN)
    stack.control("end_sessions", email=ADMIN)


def sign_in_over_the_page(page: Page, email: str = ADMIN) -> Page:
    with page.expect_popup() as popup:
        page.get_by_role("dialog", name="Sign in").get_by_role("link", name="Sign in").click()
    popup.value.locator(f'button[value="{email}"]').click()
    return popup.value


def test_a_form_outlives_an_outage_a_revoked_session_and_a_new_sign_in(
    form: Watched, own: Stack, book: Book, pictures: Path
) -> None:
    page = form.page
    expire(own)
    own.control("down", endpoints=["token", "discovery", "jwks", "revoke"])
    down_at = time.monotonic()
    page.screenshot(path=pictures / "form-1-filled-in.png")

    with form.expecting(401, 503):
        save(page)
        expect(page.get_by_text("Sign-in service is away")).to_be_visible()
        is_still_filled_in(page)
        page.screenshot(path=pictures / "form-2-waiting.png")
        form.check()
        own.control("revoke", email=ADMIN)
        own.control("end_sessions", email=ADMIN)
        page.wait_for_timeout(max(0.0, DOWN_SECONDS - (time.monotonic() - down_at)) * 1000)
        assert book.new() == []
        own.control("normal")

        dialog = page.get_by_role("dialog", name="Sign in to continue")
        expect(dialog).to_be_visible(timeout=40_000)
        expect(page.get_by_text("Sign-in service is away")).to_be_hidden()
        page.screenshot(path=pictures / "form-3-sign-in-over-the-page.png")
        form.check()
        is_still_filled_in(page)
        assert book.new() == []
        sign_in_over_the_page(page)
        is_saved(page)
    expect(dialog).to_be_hidden()
    page.screenshot(path=pictures / "form-4-saved.png")
    assert book.new() == [EVERYTHING]
    form.check()


def test_who_stops_waiting_keeps_what_was_typed(form: Watched, own: Stack, book: Book) -> None:
    page = form.page
    expire(own)
    own.control("down", endpoints=["token"])
    with form.expecting(503):
        save(page)
        page.get_by_role("button", name="Stop waiting").click()
        expect(page.get_by_text("Sign-in service is away")).to_be_hidden()
        own.control("normal")
        expire(own)
        is_still_filled_in(page)
        assert book.new() == []
        save(page)
        is_saved(page)
    assert book.new() == [EVERYTHING]


def test_leaving_asks_first_while_a_write_waits(form: Watched, own: Stack, book: Book) -> None:
    page = form.page
    page.get_by_role("main").locator("form").evaluate("form => form.removeAttribute('data-guard')")
    expire(own)
    own.control("down", endpoints=["token"])
    with form.expecting(503):
        save(page)
        expect(page.get_by_text("Sign-in service is away")).to_be_visible()
        page.get_by_role("link", name="Audit log").first.click()
        question = page.get_by_role("dialog", name="Are you sure?")
        expect(question).to_contain_text("What you did still waits to be sent.")
        question.get_by_role("button", name="Cancel").click()
        own.control("normal")
        expire(own)
        is_saved(page)
    assert book.new() == [EVERYTHING]


def test_somebody_else_s_sign_in_drops_what_was_kept(form: Watched, own: Stack, book: Book) -> None:
    page = form.page
    end(own)
    with form.expecting(401):
        save(page)
        stranger = sign_in_over_the_page(page, STRANGER)
        dialog = page.get_by_role("dialog", name="Sign in to continue")
        expect(dialog.get_by_role("alert")).to_contain_text("Somebody else has signed in. Nothing was sent")
        if not stranger.is_closed():
            stranger.wait_for_event("close")
        sign_in_over_the_page(page)
        expect(dialog).to_be_hidden()
        is_still_filled_in(page)
        assert book.new() == []  # it was dropped: the right person's return sends nothing by itself
        save(page)
        is_saved(page)
    assert book.new() == [EVERYTHING]


_LOSE = """([path, isKeyed]) => {
    const real = window.fetch;
    window.fetch = async (url, options) => {
        if (options?.method !== 'POST' || !new URL(url, location).pathname.endsWith(path)) return real(url, options);
        if (!isKeyed) delete options.headers['Idempotency-Key'];
        const answer = await real(url, options);
        if (window.lost) return answer;
        window.lost = answer.status;
        throw new TypeError('connection reset');
    };
}"""


def lose_the_first_answer(page: Page, *, is_keyed: bool = True) -> None:
    """Let the server do what it is asked, and the answer be lost on the way back, once."""
    page.evaluate(_LOSE, [DETAILS, is_keyed])


def test_a_lost_answer_is_asked_for_again_and_nothing_is_written_twice(form: Watched, book: Book) -> None:
    lose_the_first_answer(form.page)
    save(form.page)
    is_saved(form.page)
    assert form.page.evaluate("window.lost") == 204
    assert book.new() == [EVERYTHING]


def test_without_a_key_a_lost_answer_would_be_written_twice(form: Watched, book: Book) -> None:
    """So the test above can fail."""
    lose_the_first_answer(form.page, is_keyed=False)
    save(form.page)
    is_saved(form.page)
    assert form.page.evaluate("window.lost") == 204
    assert book.new() == [EVERYTHING, EVERYTHING]


def test_a_second_click_is_no_second_write(form: Watched, book: Book) -> None:
    form.page.get_by_role("button", name="Save").dblclick()
    is_saved(form.page)
    form.page.wait_for_load_state("networkidle")
    assert book.new() == [EVERYTHING]


def test_a_refused_form_can_be_corrected(form: Watched, book: Book) -> None:
    page = form.page
    page.get_by_label("Company").evaluate("input => { input.required = false; input.value = ''; }")
    with form.expecting(422):
        save(page)
        expect(page.get_by_text("This field is required.")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value(NOTE)
    assert book.new() == []


_FETCH = """async ([path, note]) => {
    const session = document.querySelector('script[src*="/session."]').src;
    const text = await (await fetch(session)).text();
    const { resilientFetch } = await import(new URL(text.match(/['"](\\.\\/deliver[^'"]*)['"]/)[1], session));
    const body = new FormData();
    body.set('company', 'Globex & Søn');
    body.set('country', 'SE');
    body.set('note', note);
    body.set('logo', new File([Uint8Array.from({ length: 307200 }, (_, i) => i % 256)], 'logo.bin'));
    const answer = await resilientFetch(path, { method: 'POST', body, headers: { 'HX-Request': 'true' } });
    return answer.status;
}"""


def test_a_script_s_own_fetch_is_delivered_the_same_way(form: Watched, own: Stack, book: Book) -> None:
    """The same functions that the browsable API sends with; an upload too."""
    page = form.page
    end(own)
    with form.expecting(401):
        page.evaluate(f"args => {{ window.sent = ({_FETCH})(args); }}", [DETAILS, NOTE])
        sign_in_over_the_page(page)
        assert page.evaluate("() => window.sent") == 204
    assert book.new() == [EVERYTHING]


def end_in(stack: Stack, minutes: int) -> None:
    """Let the session have so many minutes left of its seven days."""
    query = "UPDATE accounts_oidcsession SET created_at = now() - interval '7 days' + %s * interval '1 minute'"
    assert stack.change(f"{query} WHERE {_SESSIONS}", minutes, ADMIN) >= 1


def test_the_end_of_the_session_is_told_in_time_and_a_new_one_begins_over_the_page(
    form: Watched, own: Stack, book: Book, tmp_path: Path, pictures: Path
) -> None:
    page = form.page
    ends = page.locator('meta[name="dezky-session-ends"]')
    end_in(own, 30)
    page.goto(own.url + DETAILS)
    expect(page.get_by_text(re.compile("^Your session ends at"))).to_have_count(0)
    end_in(own, 5)
    page.goto(own.url + DETAILS)
    fill(page, tmp_path)
    before = ends.get_attribute("content")
    expect(page.get_by_text(re.compile("^Your session ends at"))).to_be_visible()
    page.screenshot(path=pictures / "session-ends.png")
    form.check()
    page.get_by_role("button", name="Sign in again").click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog).to_be_visible()
    page.screenshot(path=pictures / "session-ends-sign-in.png")
    form.check()
    sign_in_over_the_page(page)
    expect(dialog).to_be_hidden()
    expect(page.get_by_text(re.compile("^Your session ends at"))).to_have_count(0)
    assert ends.get_attribute("content") != before
    is_still_filled_in(page)
    save(page)
    is_saved(page)
    assert book.new() == [EVERYTHING]
