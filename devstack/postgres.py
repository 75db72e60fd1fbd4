"""The embedded PostgreSQL: its own launcher, since the package's adds users and changes modes when run as root."""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg

from devstack import data_dir as data
from devstack import ports, postgres_home, postgres_roles
from devstack.errors import CannotRunError
from devstack.processes import Run

SUPERUSER = "postgres"
START_SECONDS = 20.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # TCP alone: a socket's path may not be longer than 107 bytes, and a data directory's easily is.
    "unix_socket_directories": "",
    "shared_buffers": "48MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m ",
}
_FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}
_TRY_AGAIN = ("could not bind", "pre-existing shared memory block", "lock file", "Address already in use")


class Cluster:
    """One PostgreSQL server with its files in a data directory and its passwords beside them."""

    def __init__(self, data_dir: Path, *, fast: bool = False, run: Run | None = None) -> None:
        """Describe the server; `fast` gives up safety against power cuts, for tests."""
        self.data_dir = data_dir
        self.process: subprocess.Popen[bytes] | None = None
        self._fast = fast
        self._run = run or Run(data_dir)
        self._owns_run = run is None
        self._account = postgres_home.choose_account()
        self._state_path = data_dir / "postgres.json"
        self._log_path = data_dir / "log" / "postgres.log"

    def start(self) -> None:
        """Start the server, after making its files if there are none, and wait until it answers.

        Raises:
            CannotRunError: with a sentence, for a broken directory, another version's files, a full disk.
        """
        if not self.data_dir.is_dir():
            data.create(self.data_dir)
        state = self._state()
        files = Path(state["home"]) / "postgres"
        binaries = postgres_home.find_binaries(Path(state["home"]), self._account)
        try:
            self._log_path.parent.mkdir(mode=0o700, exist_ok=True)
            if not (files / "PG_VERSION").exists():
                self._initialise(files, binaries)
        except OSError as error:
            raise data.explain(error, self.data_dir) from error
        self._refuse_other_version(files, binaries)
        self._stop_stray(files)
        deadline = time.monotonic() + START_SECONDS
        while True:
            if not ports.is_free(self.port):
                self._change_port()
            complaint = self._launch(files, binaries, deadline)
            if complaint is None:
                return
            # After kill -9 the old server's children need up to two seconds to go.
            if time.monotonic() > deadline or not any(hint in complaint for hint in _TRY_AGAIN):
                raise self._explain(complaint)
            time.sleep(0.3)

    def stop(self, *, timeout_seconds: float = 5.0) -> None:
        """Stop the server: sessions are ended, everything committed is kept."""
        if self.process is not None:
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                if self.process.poll() is not None:
                    break
                self.process.send_signal(number)
                try:
                    self.process.wait(timeout_seconds)
                except subprocess.TimeoutExpired:
                    continue
        self.process = None
        if self._owns_run:
            self._run.dismiss_guardian()

    def is_running(self) -> bool:
        """Tell whether the server answers to its password."""
        if not self._state_path.exists():
            return False
        try:
            psycopg.connect(self.url(SUPERUSER, SUPERUSER), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1, kept from start to start unless somebody takes it."""
        return int(self._state()["port"])

    def url(self, role: str, database: str = "dezky") -> str:
        """Return the address of a database for `postgres`, `dezky_owner` or `dezky_app`."""
        state = self._state()
        return f"postgresql://{role}:{state['passwords'][role]}@127.0.0.1:{state['port']}/{database}"

    def ensure_roles(self) -> None:
        """Create the roles of the product, or bring them back to their attributes and passwords."""
        postgres_roles.ensure_roles(self.url(SUPERUSER, SUPERUSER), self._state()["passwords"])

    def ensure_database(self, name: str = "dezky") -> bool:
        """Create a database of `dezky_owner` that `dezky_app` may use; return whether it was missing."""
        is_new = postgres_roles.ensure_database(self.url(SUPERUSER, SUPERUSER), name)
        postgres_roles.grant_rights(self.url(SUPERUSER, name))
        return is_new

    def _state(self) -> dict[str, Any]:
        state = data.read(self._state_path)
        if state:
            if {"port", "home", "passwords"} <= state.keys():
                return state
            raise self._broken("postgres.json lacks an entry")
        if (self.data_dir / "postgres").exists():
            raise self._broken("its passwords, postgres.json, are missing")
        roles = (SUPERUSER, postgres_roles.OWNER, postgres_roles.APP)
        state = {
            "port": ports.find_free(),
            "home": str(postgres_home.choose_home(self.data_dir, self._account)),
            "passwords": {role: secrets.token_hex(20) for role in roles},
        }
        data.write_private(self._state_path, state)
        return state

    def _change_port(self) -> None:
        data.write_private(self._state_path, {**self._state(), "port": ports.find_free()})

    def _initialise(self, files: Path, binaries: Path) -> None:
        if not files.parent.is_dir():
            raise self._broken(f"its database in {files.parent} is gone")
        if files.exists() and any(files.iterdir()):
            # initdb writes PG_VERSION early: without it these are not the remains of a first start cut short.
            raise self._broken("PG_VERSION is missing")
        files.mkdir(mode=0o700, exist_ok=True)
        self._account.own(files)
        password_file = files.parent / ".initdb-password"
        password_file.touch(mode=0o600)
        try:
            password_file.write_text(self._state()["passwords"][SUPERUSER])
            self._account.own(password_file)
            made = subprocess.run(
                [
                    str(binaries / "initdb"),
                    f"--pgdata={files}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    *(["--no-sync"] if self._fast else []),
                ],
                check=False,
                capture_output=True,
                text=True,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                **self._account.popen_arguments(),
            )
        finally:
            password_file.unlink(missing_ok=True)
        if made.returncode != 0:
            shutil.rmtree(files, ignore_errors=True)
            raise self._explain(made.stdout + made.stderr)

    def _refuse_other_version(self, files: Path, binaries: Path) -> None:
        try:
            kept = (files / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise data.explain(error, files) from error
        shown = subprocess.run([str(binaries / "postgres"), "--version"], check=False, capture_output=True, text=True)
        ours = shown.stdout.strip().rpartition(" ")[2].partition(".")[0]
        if ours and kept != ours:
            message = (
                f"the database in {self.data_dir} was made by PostgreSQL {kept}, this is PostgreSQL {ours}: start over "
                "with bin/dezky up --fresh, or name another directory with --data-dir."
            )
            raise CannotRunError(message)

    def _stop_stray(self, files: Path) -> None:
        """Stop a server that an earlier run left on these files; remove a lock that names a stranger."""
        lock = files / "postmaster.pid"
        try:
            process = psutil.Process(int(lock.read_text().split("\n", 1)[0]))
            arguments = process.cmdline()
        except (OSError, ValueError, psutil.Error):
            return
        if str(files) not in arguments:
            # The number has been given to another process since, after a restart of the machine for example.
            lock.unlink(missing_ok=True)
            return
        for number in (signal.SIGINT, signal.SIGQUIT):
            try:
                process.send_signal(number)
                process.wait(5)
            except psutil.TimeoutExpired:
                continue
            except psutil.NoSuchProcess:
                return

    def _launch(self, files: Path, binaries: Path, deadline: float) -> str | None:
        """Start the server once; return its complaint if it did not come up."""
        settings = {**_SETTINGS, **(_FAST_SETTINGS if self._fast else {}), "port": str(self.port)}
        options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        self._run.keep_guarded()
        with self._log_path.open("ab") as log:
            position = log.tell()
            self.process = self._spawn([str(binaries / "postgres"), "-D", str(files), *options], log)
        while self.process.poll() is None:
            if self.is_running():
                return None
            if time.monotonic() > deadline:
                self.stop()
                return f"it did not answer within {START_SECONDS:.0f} seconds"
            time.sleep(0.03)
        with self._log_path.open("rb") as log_read:
            log_read.seek(position)
            return log_read.read().decode(errors="replace") or "it stopped without a word"

    def _spawn(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=self._run.marked({"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}),
            start_new_session=True,
            **self._account.popen_arguments(),
        )

    def _explain(self, complaint: str) -> CannotRunError:
        if "No space left on device" in complaint:
            return CannotRunError(f"the disk of {self.data_dir} is full: make room and start again.")
        lines = [line for line in complaint.splitlines() if "FATAL" in line or "PANIC" in line or "error:" in line]
        reason = (lines or complaint.strip().splitlines() or ["no reason given"])[-1]
        for word in ("FATAL:", "PANIC:", "error:"):
            reason = reason.rpartition(word)[2].strip()
        return self._broken(reason)

    def _broken(self, reason: str) -> CannotRunError:
        return CannotRunError(
            f"PostgreSQL cannot use the data in {self.data_dir} ({reason}): restore it, or start over with "
            f"bin/dezky up --fresh, which discards it (log: {self._log_path})."
        )
