"""The embedded PostgreSQL starts, stops, survives kills, and says in one sentence what is wrong."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devstack import data_dir, postgres_home
from devstack.errors import CannotRunError
from devstack.postgres import Cluster

_KILLS = 25 if os.environ.get("DEZKY_PROVE") == "full" else 2


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Give a started server with its roles and database; pytest's directories are closed to other users."""
    made = Cluster(tmp_path / "data", fast=True)
    made.start()
    made.ensure_roles()
    made.ensure_database("dezky")
    yield made
    made.stop()
    data_dir.empty(made.data_dir)


def test_start_and_stop_keep_data_and_port(cluster: Cluster) -> None:
    port = cluster.port
    with psycopg.connect(cluster.url("dezky_owner", "dezky")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    cluster.stop()
    assert cluster.is_running() is False
    cluster.start()
    cluster.ensure_roles()
    assert cluster.ensure_database("dezky") is False
    assert (cluster.is_running(), cluster.port) == (True, port)
    with psycopg.connect(cluster.url("dezky_app", "dezky")) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_taken_port_is_exchanged(cluster: Cluster) -> None:
    cluster.stop()
    port = cluster.port
    with socket.create_server(("127.0.0.1", port)):
        cluster.start()
        assert cluster.port != port
        assert cluster.is_running()


@pytest.mark.timeout(0)
def test_committed_rows_survive_kills(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "data")
    cluster.start()
    cluster.ensure_roles()
    cluster.ensure_database("dezky")
    url = cluster.url("dezky_owner", "dezky")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE numbers (number int PRIMARY KEY)")
    committed = 0
    for _ in range(_KILLS):
        kill_at = time.monotonic() + random.uniform(0.01, 0.3)
        with psycopg.connect(url, autocommit=True) as connection:
            while time.monotonic() < kill_at:
                connection.execute("INSERT INTO numbers VALUES (%s)", [committed])
                committed += 1
        assert cluster.process is not None
        os.kill(cluster.process.pid, signal.SIGKILL)
        cluster.process.wait()
        cluster.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM numbers").fetchone() == (committed,)
    cluster.stop()
    data_dir.empty(cluster.data_dir)


def test_app_role_owns_nothing_and_cannot_bypass_row_security(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url("dezky_owner", "dezky")) as owner:
        owner.execute("CREATE TABLE notes (id serial PRIMARY KEY, tenant int NOT NULL)")
        owner.execute("ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY only_one ON notes USING (tenant = 1)")
        owner.execute("INSERT INTO notes (tenant) VALUES (1), (2)")
    with psycopg.connect(cluster.url("dezky_app", "dezky"), autocommit=True) as app:
        assert app.execute("SELECT tenant FROM notes").fetchall() == [(1,)]
        app.execute("INSERT INTO notes (tenant) VALUES (1)")
        for refused in (
            "INSERT INTO notes (tenant) VALUES (2)",
            "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
            "CREATE TABLE mine (id int)",
            "TRUNCATE notes",
            "SET ROLE dezky_owner",
            "CREATE DATABASE another",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(refused)
        rights = "rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication"
        row = app.execute(f"SELECT {rights} FROM pg_roles WHERE rolname = 'dezky_app'").fetchone()
        assert row == (False, False, False, False, False)


def test_wrong_password_is_refused(cluster: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://postgres:wrong@127.0.0.1:{cluster.port}/postgres")


def test_secrets_are_readable_by_their_owner_alone(cluster: Cluster) -> None:
    assert (cluster.data_dir / "postgres.json").stat().st_mode & 0o777 == 0o600


def test_parents_keep_their_modes(cluster: Cluster, tmp_path: Path) -> None:
    assert cluster.is_running()
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def _files(cluster: Cluster) -> Path:
    return Path(str(data_dir.read(cluster.data_dir / "postgres.json")["home"])) / "postgres"


@pytest.mark.parametrize("broken", ["global/pg_control", "PG_VERSION"])
def test_broken_files_are_one_sentence(cluster: Cluster, broken: str) -> None:
    cluster.stop()
    (_files(cluster) / broken).unlink()
    with pytest.raises(CannotRunError, match=r"PostgreSQL cannot use the data in .*--fresh") as caught:
        cluster.start()
    assert "\n" not in str(caught.value)


def test_other_version_is_one_sentence(cluster: Cluster) -> None:
    cluster.stop()
    (_files(cluster) / "PG_VERSION").write_text("14\n")
    with pytest.raises(CannotRunError, match="made by PostgreSQL 14, this is PostgreSQL 18"):
        cluster.start()


def test_lost_passwords_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(CannotRunError, match=r"its passwords, postgres\.json, are missing"):
        Cluster(tmp_path).start()


def test_broken_state_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "postgres.json").write_text("{")
    with pytest.raises(CannotRunError, match=r"postgres\.json is broken"):
        Cluster(tmp_path).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another place")
def test_programs_are_copied_where_the_account_reaches_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = postgres_home.choose_account()
    monkeypatch.setattr(postgres_home.Account, "can_enter", lambda _self, _path: False)
    home = postgres_home.choose_home(tmp_path, account)
    try:
        binaries = postgres_home.find_binaries(home, account)
        assert binaries.is_relative_to(home)
        assert (binaries / "postgres").exists()
    finally:
        shutil.rmtree(home)
