"""Remembers what a step was last done for, so that a warm start skips it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from devstack import data_dir as data

_OUTSIDE = {".venv", ".dezky", ".git", "node_modules", "tests", "docs"}


class Stamps:
    """Digests by step name, kept in the data directory."""

    def __init__(self, directory: Path) -> None:
        """Read what is known."""
        self._path = directory / "stamps.json"

    def is_current(self, step: str, digest: str) -> bool:
        """Tell whether the step was last done for this digest."""
        return bool(data.read(self._path).get(step) == digest)

    def done(self, step: str, digest: str) -> None:
        """Remember that the step has been done for this digest."""
        data.write_private(self._path, {**data.read(self._path), step: digest})

    def forget(self) -> None:
        """Let every step run again."""
        self._path.unlink(missing_ok=True)


def digest_of_contents(paths: Iterable[Path], *words: str) -> str:
    """Return a digest of files' names and contents, and of some words."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        total.update(f"\0{path}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def digest_of_stats(paths: Iterable[Path], *words: str) -> str:
    """Return a digest of files' names, sizes and times, for many files that matter less."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        known = path.stat()
        total.update(f"\0{path}\0{known.st_size}\0{known.st_mtime_ns}".encode())
    return total.hexdigest()


def migrations(root: Path) -> list[Path]:
    """Return every migration of ours, and what decides over those of packages."""
    return [*_below_apps(root, "migrations/*.py"), root / "uv.lock", *root.glob("config/settings.py")]


def demo_sources(root: Path) -> list[Path]:
    """Return what makes the demo's data."""
    return [
        *root.glob("devstack/demo*.py"),
        *root.glob("devstack/demo/**/*.py"),
        root / "devstack" / "people.py",
    ]


def static_files(root: Path) -> list[Path]:
    """Return our static files, and what decides over those of packages."""
    own = [path for path in root.glob("static/**/*") if path.is_file()]
    apps = [path for path in _below_apps(root, "static/**/*") if path.is_file()]
    return [*own, *apps, root / "uv.lock", *root.glob("config/settings.py")]


def _below_apps(root: Path, pattern: str) -> list[Path]:
    apps = [entry for entry in root.iterdir() if entry.is_dir() and entry.name not in _OUTSIDE]
    return [path for app in apps for path in app.glob(pattern)]
