"""`bin/dezky test`: lint, types, import contracts and all tests, each reported with its time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from devstack import browser, processes
from devstack.data_dir import ROOT
from devstack.errors import CannotRunError, run_main
from devstack.workshop import open_workshop

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_HELP = """Usage: bin/dezky test [pytest arguments]

Without arguments: lint, types, import contracts and all tests. With arguments: pytest alone, with them.
Long proofs run reduced here; bin/dezky prove runs them at their full counts."""


@dataclass
class Outcome:
    """What came of one check; `passed` and `failed` count tests, or the check itself."""

    name: str
    passed: int
    failed: int
    seconds: float

    def line(self) -> str:
        """Return the line of the summary."""
        word = "ok" if not self.failed else "FAILED"
        return f"  {word:<7} {self.name:<34} {self.seconds:6.1f} s"


def main() -> int:
    """Run what was asked for and say how it went."""
    words = sys.argv[1:]
    if words in (["--help"], ["-h"]):
        print(_HELP)
        return 0
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, _as_interrupt)
    started = time.monotonic()
    with open_workshop() as environment:
        _say(f"PostgreSQL of the tests is running ({time.monotonic() - started:.1f} s)")
        if words:
            return _pytest(words, environment)[1]
        outcomes = [_check(name, command, environment) for name, command in _checks()]
        problem = _find_chromium(environment)
        if problem:
            outcomes.append(problem)
        # One more than the cores of the smallest machine: browser tests wait more than they work.
        tests, code = _pytest(["-n", "3"], environment)
        outcomes.append(tests)
    print("\nWhat ran:")
    for outcome in outcomes:
        print(outcome.line())
    print(f"  in {time.monotonic() - started:.0f} s")
    failed = sum(outcome.failed for outcome in outcomes)
    print(f"{tests.passed} passed, {failed} failed", flush=True)
    return 1 if failed else code


def _checks() -> Iterator[tuple[str, list[str]]]:
    templates = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("templates/**/*.html"))
    here = [sys.executable, "-m"]
    yield "ruff check", [*here, "ruff", "check", "."]
    yield "ruff format", [*here, "ruff", "format", "--check", "."]
    if templates:
        yield "djlint", [*here, "djlint", "--lint", "--quiet", "templates"]
        yield "djade", [str(Path(sys.executable).with_name("djade")), "--check", "--target-version", "6.1", *templates]
    yield "mypy", [*here, "mypy", "."]
    yield (
        "import contracts",
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
    )
    yield "manage.py check", [sys.executable, "manage.py", "check"]
    yield (
        "migrations are complete",
        [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    )


def _check(name: str, command: list[str], environment: dict[str, str]) -> Outcome:
    started = time.monotonic()
    with _child(command, environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        output = process.communicate()[0]
    seconds = time.monotonic() - started
    is_ok = process.returncode == 0
    _say(f"{name}: {'ok' if is_ok else 'FAILED'} ({seconds:.1f} s)")
    if not is_ok:
        print(output.rstrip(), flush=True)
    return Outcome(name, 0, 0 if is_ok else 1, seconds)


def _find_chromium(environment: dict[str, str]) -> Outcome | None:
    started = time.monotonic()
    try:
        environment["DEZKY_CHROMIUM"] = str(browser.ensure(_say))
    except CannotRunError as error:
        _say(str(error))
        return Outcome("Chromium", 0, 1, time.monotonic() - started)
    return None


def _pytest(words: list[str], environment: dict[str, str]) -> tuple[Outcome, int]:
    """Run pytest, showing its output as it comes; return what its last line counts, and its exit code."""
    if "DEZKY_CHROMIUM" not in environment:
        found = browser.find()
        if found:
            environment["DEZKY_CHROMIUM"] = str(found)
    color = ["--color=yes"] if sys.stdout.isatty() else []
    started = time.monotonic()
    summary = ""
    command = [sys.executable, "-m", "pytest", *color, *words]
    with _child(command, environment, stdout=subprocess.PIPE) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if re.search(r"\d+ (passed|failed|error)", line):
                summary = _ESCAPES.sub("", line)
        code = process.wait()
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", summary)}
    failed = counts.get("failed", 0) + counts.get("error", 0)
    if code != 0 and not failed:
        failed = 1
    return Outcome("pytest", counts.get("passed", 0), failed, time.monotonic() - started), code


@contextmanager
def _child(command: list[str], environment: dict[str, str], **streams: int) -> Iterator[subprocess.Popen[str]]:
    """Run a child in a session of its own and leave nothing of it, whatever happens."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        env=environment,
        cwd=ROOT,
        start_new_session=True,
        stdout=streams.get("stdout"),
        stderr=streams.get("stderr"),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
        processes.end_group(process.pid)
        process.wait()
        if process.stdout:
            process.stdout.close()


def _say(text: str) -> None:
    print(f"dezky: {text}", flush=True)


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    run_main(main)
