"""`up` with stubbed services: one at a time, no leftovers, one sentence for what is in the way."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from devstack import data_dir, processes
from devstack.environment import PRODUCT_VARIABLES
from tests.devstack.helpers import free_block

_PROGRAM = Path(__file__).with_name("stub_up.py")


class Up:
    """One `up` as a process, with its output in a file."""

    def __init__(self, directory: Path, port: int, *words: str, **variables: str) -> None:
        self.directory = directory
        self.port = port
        self._output = Path(tempfile.mkdtemp(prefix="up-test-")) / "output"
        clean = {name: value for name, value in os.environ.items() if name not in PRODUCT_VARIABLES}
        clean.pop(processes.MARK, None)
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(_PROGRAM), "--port", str(port), "--data-dir", str(directory), *words],
                stdout=output,
                stderr=output,
                env={**clean, "PYTHONPATH": str(data_dir.ROOT), **variables},
                start_new_session=True,
            )

    def output(self) -> str:
        return self._output.read_text()

    def wait_for(self, words: str, count: int = 1) -> None:
        _wait(lambda: self.output().count(words) >= count, lambda: f"{words!r} in:\n{self.output()}")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)

    def forget(self) -> None:
        """Remove what it kept, also outside its directory."""
        self._output.unlink()
        self._output.parent.rmdir()
        if self.directory.is_dir():
            data_dir.empty(self.directory)

    def pid_of(self, port: int) -> int:
        """Return who listens on a port."""
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return int(connection.pid)
        message = f"nobody listens on {port}"
        raise AssertionError(message)


def _wait(condition: Callable[[], bool], describe: Callable[[], str], seconds: float = 25) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {describe()}"
        time.sleep(0.05)


def _nothing_is_left(directory: Path) -> None:
    _wait(lambda: not processes.leftovers(str(directory)), lambda: str(processes.leftovers(str(directory))))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Give a way to start `up`, by default on the same directory and ports each time."""
    port = free_block()
    started: list[Up] = []

    def begin(*words: str, directory: Path | None = None, **variables: str) -> Up:
        started.append(Up(directory or tmp_path / "data", port, *words, **variables))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
        processes.stop_all(processes.leftovers(str(each.directory)), grace_seconds=2)
        each.forget()


def test_starts_says_so_and_sigterm_leaves_nothing(start: Callable[..., Up]) -> None:
    up = start()
    up.wait_for("Dezky is ready")
    assert up.output().rstrip().endswith(f"Dezky is ready: http://127.0.0.1:{up.port}")
    assert re.search(r"\[ *\d+\.\d s\] PostgreSQL is running \(port \d+\)", up.output())
    assert "owner@acme.test" in up.output()
    # The stub's web has a child that ignores SIGTERM.
    assert len(processes.leftovers(str(up.directory))) >= 4
    started = time.monotonic()
    assert up.end() == 0
    assert time.monotonic() - started < 10
    assert processes.leftovers(str(up.directory)) == []
    assert up.output().rstrip().endswith("Dezky has stopped; its data is kept")


def test_second_up_says_that_it_is_running(start: Callable[..., Up]) -> None:
    first = start()
    first.wait_for("Dezky is ready")
    second = start()
    assert second.process.wait(20) == 1
    expected = f"dezky: Dezky is already running at http://127.0.0.1:{first.port} (pid {first.process.pid}).\n"
    assert second.output() == expected
    assert first.pid_of(first.port)
    assert first.end(signal.SIGINT) == 0


def test_warm_start_skips_what_is_done_and_fresh_does_not(start: Callable[..., Up]) -> None:
    for words, is_migrated in (((), True), ((), False), (("--fresh",), True)):
        up = start(*words)
        up.wait_for("Dezky is ready")
        assert ("migrating" in up.output()) is is_migrated
        assert up.end() == 0


def test_taken_port_is_one_sentence(start: Callable[..., Up]) -> None:
    port = free_block()
    with socket.create_server(("127.0.0.1", port + 2)):
        up = start("--port", str(port))
        assert up.process.wait(20) == 1
    words = up.output().splitlines()[-1]
    assert words.startswith(f"dezky: port {port + 2} for payments is taken")
    assert f"(pid {os.getpid()})" in words
    assert "Traceback" not in up.output()


def test_killed_services_and_database_come_back(start: Callable[..., Up]) -> None:
    up = start()
    up.wait_for("Dezky is ready")
    for port, name in ((up.port, "web"), (up.port + 1, "identity")):
        os.kill(up.pid_of(port), signal.SIGKILL)
        up.wait_for(f"{name} stopped (signal 9); starting it again")
        up.wait_for(f"{name} is running again")
    database = next(each for each in processes.leftovers(str(up.directory)) if each.name() == "postgres")
    database.kill()
    up.wait_for("PostgreSQL stopped (signal 9); starting it again")
    up.wait_for("PostgreSQL is running again")
    assert up.end() == 0
    assert processes.leftovers(str(up.directory)) == []


def test_killed_up_leaves_nothing(start: Callable[..., Up]) -> None:
    up = start()
    up.wait_for("Dezky is ready")
    assert up.end(signal.SIGKILL) == -signal.SIGKILL
    _nothing_is_left(up.directory)


def test_next_up_cleans_leftovers_of_a_killed_one(start: Callable[..., Up]) -> None:
    up = start()
    up.wait_for("Dezky is ready")
    guardian = next(each for each in psutil.Process(up.process.pid).children() if "devstack.guardian" in each.cmdline())
    up.process.send_signal(signal.SIGSTOP)
    guardian.kill()
    up.end(signal.SIGKILL)
    assert processes.leftovers(str(up.directory))
    again = start()
    again.wait_for("Dezky is ready")
    assert "stopped what an earlier run had left" in again.output()
    assert again.end() == 0
    assert processes.leftovers(str(up.directory)) == []


def test_service_that_keeps_dying_ends_it_with_a_sentence(start: Callable[..., Up]) -> None:
    up = start(STUB_CRASH="1")
    assert up.process.wait(30) == 1
    last = up.output().splitlines()[-1]
    assert last.startswith("dezky: worker stopped 5 times within a minute (exit code 3)")
    assert "no luck today" in last
    assert processes.leftovers(str(up.directory)) == []


def test_stranger_is_never_a_leftover(tmp_path: Path) -> None:
    marked = {**os.environ, processes.MARK: f"{tmp_path}-other#1"}
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], env=marked) as stranger:
        try:
            assert processes.leftovers(str(tmp_path)) == []
        finally:
            stranger.kill()


def test_unwritable_directory_is_one_sentence(start: Callable[..., Up], tmp_path: Path) -> None:
    # A path below a file: unwritable to root too, whom modes do not stop.
    (tmp_path / "file").touch()
    up = start(directory=tmp_path / "file" / "data")
    assert up.process.wait(20) == 1
    assert re.fullmatch(r"dezky: cannot use .* as data directory \(Not a directory\): .*\n", up.output())


def test_directory_with_other_files_is_left_alone(start: Callable[..., Up], tmp_path: Path) -> None:
    directory = tmp_path / "mine"
    directory.mkdir()
    (directory / "thesis.txt").touch()
    up = start("--fresh", directory=directory)
    assert up.process.wait(20) == 1
    assert "holds other files (thesis.txt)" in up.output()
    assert (directory / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"STRIPE_SECRET_KEY": "sk_live_x"}, "does not run beside a live Stripe key"),
        ({"SITE_URL": "https://dezky.example.com"}, "does not run on a public address"),
        ({"DATABASE_URL": "postgresql://x"}, "DATABASE_URL and DATABASE_OWNER_URL go together"),
    ],
)
def test_stand_ins_refuse_the_real_world(start: Callable[..., Up], variables: dict[str, str], words: str) -> None:
    up = start(**variables)
    assert up.process.wait(20) == 1
    assert words in up.output()
    assert "Traceback" not in up.output()
