"""Processes are killed under load: Dezky comes back by itself, and no acknowledged write is lost."""

from __future__ import annotations

import http.client
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
import psycopg
import pytest

from tests.e2e import stack as stacks
from tests.e2e.stack import Stack, wait_until
from tests.e2e.visitor import Visitor

RECOVERY_SECONDS = 30.0
# Five kills within a minute are taken for a fault that does not go away.
_repeated = pytest.mark.parametrize("round_number", range(4 if os.environ.get("DEZKY_PROVE") == "full" else 1))
_COLLEAGUES = """SELECT m.id::text, m.role FROM tenants_membership m JOIN accounts_user u ON u.id = m.user_id
    JOIN tenants_tenant t ON t.id = m.tenant_id WHERE t.slug = 'acme' AND u.email LIKE 'colleague%'"""

pytestmark = [pytest.mark.stack, pytest.mark.proof]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Stack]]:
    """Give a Dezky that may be killed; a list, since one of the tests starts it anew."""
    box = [stacks.start(tmp_path_factory.mktemp("recovery") / "data")]
    yield box
    stacks.stop(box[0])


@dataclass
class Writer:
    """Somebody who changes roles without a pause, and notes what was acknowledged."""

    stack: Stack
    visitor: Visitor
    csrf: str
    acknowledged: list[str] = field(default_factory=list)
    failures: set[str] = field(default_factory=set)
    is_stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Write until stopped."""
        roles: dict[str, str] = {}
        while not self.is_stopped.wait(0.02):
            try:
                if not roles:
                    self._look()
                    roles = self._read()
                membership = next(iter(roles))
                # To the end of the line; after a failure all are read again.
                wanted = "member" if roles.pop(membership) == "admin" else "admin"
                answer = self.visitor.post(f"/admin/acme/people/{membership}/role/", self.csrf, role=wanted)
            except (OSError, psycopg.Error, http.client.HTTPException) as error:
                self.failures.add(type(error).__name__)
                roles = {}
                continue
            if answer.status == 302 and answer.location == "/admin/acme/people/":
                self.acknowledged.append(answer.headers["X-Request-Id"])
            else:
                self.failures.add(str(answer.status))
                roles = {}

    def _look(self) -> None:
        """Open a page, as somebody would while things are down."""
        answer = self.visitor.get("/admin/acme/")
        if answer.status != 200:
            self.failures.add(str(answer.status))

    def _read(self) -> dict[str, str]:
        with self.stack.database() as connection:
            return dict(connection.execute(_COLLEAGUES).fetchall())


@contextmanager
def writing(stack: Stack) -> Iterator[Writer]:
    """Let somebody write meanwhile; afterwards, every acknowledged write has to be there."""
    visitor = Visitor(stack)
    csrf = visitor.sign_in("owner@acme.test").csrf
    writer = Writer(stack, visitor, csrf)
    thread = threading.Thread(target=writer.run)
    thread.start()
    try:
        _wait_for_writes(writer)
        yield writer
    finally:
        writer.is_stopped.set()
        thread.join()
    assert _missing(stack, writer.acknowledged) == []
    # An outage is said as one: by a closed door or a 503, never by an error of ours or a sign-out.
    assert not {failure for failure in writer.failures if failure.isdigit()} - {"503"}, writer.failures


def _wait_for_writes(writer: Writer, count: int = 5) -> float:
    """Wait for that many more acknowledged writes; return how long it took."""
    have = len(writer.acknowledged)
    return wait_until(lambda: len(writer.acknowledged) >= have + count, seconds=RECOVERY_SECONDS, what="writes go on")


def _missing(stack: Stack, acknowledged: list[str]) -> list[str]:
    """Return the acknowledged requests whose change is not in the log."""
    with stack.database() as connection:
        query = "SELECT request_id FROM tenants_auditevent WHERE action = 'people:role:change'"
        known = {row[0] for row in connection.execute(query).fetchall()}
    return [request_id for request_id in acknowledged if request_id not in known]


def _says(stack: Stack, words: str, times: int) -> None:
    """Wait for `up` to say so."""
    wait_until(lambda: stack.output().count(words) >= times, seconds=RECOVERY_SECONDS, what=f"up says: {words}")


def _kill(stack: Stack, *words: str) -> psutil.Process:
    (process,) = stack.children(*words)
    process.kill()
    return process


@_repeated
def test_the_web_is_killed(own: list[Stack], round_number: int) -> None:
    (stack,) = own
    with writing(stack) as writer:
        _kill(stack, "granian")
        seconds = _wait_for_writes(writer)
        _says(stack, "web is running again", round_number + 1)
    _note("web", seconds, writer)


@_repeated
def test_one_process_of_the_web_is_killed(own: list[Stack], round_number: int) -> None:
    (stack,) = own
    (web,) = stack.children("granian")
    with writing(stack) as writer:
        min(web.children(), key=lambda process: process.pid).kill()
        seconds = _wait_for_writes(writer)
        wait_until(lambda: stack.status("/readyz") == 200, seconds=RECOVERY_SECONDS, what="the web is ready")
    _note("one web process", seconds, writer)


@_repeated
def test_the_worker_is_killed(own: list[Stack], round_number: int) -> None:
    (stack,) = own
    with writing(stack) as writer:
        killed = _kill(stack, "procrastinate")

        def is_back() -> bool:
            return any(worker.pid != killed.pid for worker in stack.children("procrastinate"))

        seconds = wait_until(is_back, seconds=RECOVERY_SECONDS, what="a worker is there")
        _says(stack, "worker is running again", round_number + 1)
        _wait_for_writes(writer)
    assert writer.failures == set()
    _note("worker", seconds, writer)


@_repeated
def test_postgresql_is_killed(own: list[Stack], round_number: int) -> None:
    (stack,) = own
    with writing(stack) as writer:
        _kill(stack, "postgres", "-D")
        seconds = _wait_for_writes(writer)
        _says(stack, "PostgreSQL is running again", round_number + 1)
    assert writer.visitor.get("/admin/acme/").status == 200, "nobody was signed out"
    _note("PostgreSQL", seconds, writer)


def test_up_itself_is_killed_and_started_again(own: list[Stack]) -> None:
    (stack,) = own
    visitor = Visitor(stack)
    csrf = visitor.sign_in("owner@acme.test").csrf
    writer = Writer(stack, visitor, csrf)
    thread = threading.Thread(target=writer.run)
    thread.start()
    _wait_for_writes(writer)

    psutil.Process(stack.pid).kill()
    stacks.reap(stack)
    wait_until(lambda: not stack.family(), seconds=RECOVERY_SECONDS, what="nothing of it stays")
    writer.is_stopped.set()
    thread.join()
    own[0] = stacks.start(stack.directory, port=stack.port)

    assert _missing(own[0], writer.acknowledged) == []
    assert visitor.get("/admin/acme/").status == 200, "the session has lived through it"
    _note("up", own[0].ready_seconds, writer)


def _note(what: str, seconds: float, writer: Writer) -> None:
    """Print a figure."""
    acknowledged, failures = len(writer.acknowledged), sorted(writer.failures)
    # For `bin/dezky prove`, and for whoever asks pytest for output.
    print(  # noqa: T201
        f"{what}: writes again after {seconds:.1f} s; {acknowledged} acknowledged, none lost; meanwhile {failures}"
    )
