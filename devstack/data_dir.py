"""The directory that holds everything a running Dezky keeps: database, secrets, mail, logs."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO, Any

from devstack.errors import CannotRunError

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = ROOT / ".dezky"
MARKER = "dezky-data.json"
FREE_BYTES_NEEDED = 300_000_000
# What may lie in a data directory before the first `up`: its own beginnings, and what bin/dezky puts there.
_BEFORE_FIRST_UP = {"tools", "test", "bench", "up.lock", "up.json", "log", MARKER}
_REMOVED_BY_FRESH = (
    "postgres",
    "postgres.json",
    "secrets.json",
    "stamps.json",
    "mail",
    *(f"identity.sqlite3{tail}" for tail in ("", "-wal", "-shm", "-journal")),
    "static",
    "media",
    "log",
    "up.json",
)


def choose(argument: str | None) -> Path:
    """Return the data directory: the argument, else `DEZKY_DATA_DIR`, else `.dezky/` in the clone."""
    chosen = argument or os.environ.get("DEZKY_DATA_DIR") or str(DEFAULT)
    return Path(chosen).expanduser().resolve()


def create(path: Path, *, free_bytes_needed: int = FREE_BYTES_NEEDED) -> None:
    """Make the data directory and prove that it can be written.

    Raises:
        CannotRunError: it is a file, not ours, not writable, or its disk is nearly full.
    """
    try:
        # Root's PostgreSQL runs as another user, who has to pass through; every file inside is private itself.
        path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        (path / "log").mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"x" * 4096)
            probe.flush()
    except FileExistsError as error:
        message = f"{path} is a file: name a directory with --data-dir."
        raise CannotRunError(message) from error
    except OSError as error:
        raise explain(error, path) from error
    if not (path / MARKER).exists() and path != DEFAULT and not (path / "postgres.json").exists():
        strangers = sorted({entry.name for entry in path.iterdir()} - _BEFORE_FIRST_UP)
        if strangers:
            message = f"{path} holds other files ({strangers[0]}): name an empty directory with --data-dir."
            raise CannotRunError(message)
    free = shutil.disk_usage(path).free
    if free < free_bytes_needed:
        message = (
            f"the disk of {path} is nearly full: {free // 1_000_000} MB are free and "
            f"{free_bytes_needed // 1_000_000} MB are needed."
        )
        raise CannotRunError(message)
    if not (path / MARKER).exists():
        write_private(path / MARKER, {"what": "data of a Dezky demo; bin/dezky up --fresh empties it"})


def explain(error: OSError, path: Path) -> CannotRunError:
    """Return the sentence for a failed write below `path`."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return CannotRunError(f"the disk of {path} is full: make room and start again.")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return CannotRunError(
            f"cannot write to {path} ({error.strerror}): give this user the right to, or name another with --data-dir."
        )
    return CannotRunError(f"cannot use {path} as data directory ({error.strerror}): name another with --data-dir.")


def empty(path: Path) -> None:
    """Remove what Dezky keeps in the directory and nothing else; the caller holds the lock."""
    if not (path / MARKER).exists():
        return
    home = read(path / "postgres.json").get("home", "")
    if home:
        remove_fallback_home(Path(home))
    for name in _REMOVED_BY_FRESH:
        target = path / name
        try:
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)
        except OSError as error:
            raise explain(error, target) from error


def remove_fallback_home(home: Path) -> None:
    """Remove a database directory outside the data directory, if its name says that we made it."""
    if home.name.startswith("dezky-") and home.parent == Path("/var/tmp"):  # noqa: S108 - see postgres_home
        shutil.rmtree(home, ignore_errors=True)


def read(path: Path) -> dict[str, Any]:
    """Return a JSON file of the data directory; empty if it is not there.

    Raises:
        CannotRunError: it is there and broken, or may not be read.
    """
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except PermissionError as error:
        message = f"cannot read {path}: it belongs to another user; run as that user or name another --data-dir."
        raise CannotRunError(message) from error
    except (OSError, ValueError) as error:
        message = f"{path} is broken: start over with bin/dezky up --fresh, which discards this data."
        raise CannotRunError(message) from error
    if not isinstance(content, dict):
        message = f"{path} is broken: start over with bin/dezky up --fresh, which discards this data."
        raise CannotRunError(message)
    return content


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Replace a JSON file at once, readable by its owner alone."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        raise explain(error, path.parent) from error


def try_lock(path: Path) -> IO[str] | None:
    """Take the lock file and return it open; None if another process holds it. It ends with the process."""
    try:
        file = path.open("a")
    except OSError as error:
        raise explain(error, path.parent) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
