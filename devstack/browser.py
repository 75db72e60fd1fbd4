"""Finds a Chromium for the browser tests, or installs one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from devstack.errors import CannotRunError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_INSTALL_SECONDS = 300


def ensure(say: Callable[[str], None]) -> Path:
    """Return the program of a Chromium; install Debian's as root, else Playwright's own.

    Raises:
        CannotRunError: there is none and none could be installed.
    """
    found = find()
    if found:
        return found
    reasons = []
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        attempts.insert(
            0, ["sh", "-c", "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium"]
        )
    for command in attempts:
        say(f"installing Chromium ({'apt-get' if command[0] == 'sh' else 'playwright'})")
        reason = _run(command)
        found = find()
        if reason is None and found:
            return found
        reasons.append(reason or "it is not where it should be")
    message = (
        "there is no Chromium for the browser tests and none could be installed "
        f"({'; '.join(reasons)}): install chromium, or name one in DEZKY_CHROMIUM."
    )
    raise CannotRunError(message)


def find() -> Path | None:
    """Return a Chromium that runs: the one in `DEZKY_CHROMIUM`, on PATH, or Playwright's."""
    candidates = [os.environ.get("DEZKY_CHROMIUM", ""), *(shutil.which(name) or "" for name in _NAMES)]
    candidates += [str(path) for path in _playwrights_own()]
    for candidate in candidates:
        # Ubuntu's chromium-browser may be a stub that only says how to install the real one.
        if candidate and _run([candidate, "--version"], seconds=20) is None:
            return Path(candidate)
    return None


def _playwrights_own() -> list[Path]:
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    places = [Path(named)] if named else []
    places += [Path.home() / ".cache" / "ms-playwright", Path.home() / "Library" / "Caches" / "ms-playwright"]
    patterns = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
    return [path for place in places for pattern in patterns for path in sorted(place.glob(pattern), reverse=True)]


def _run(command: list[str], *, seconds: float = _INSTALL_SECONDS) -> str | None:
    """Run a command; return None if it went well, else its last words."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    words = (done.stderr or done.stdout).strip().splitlines()
    return words[-1] if words else f"exit code {done.returncode}"
