"""The data directory: emptied of what is ours, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from devstack import data_dir
from devstack.errors import CannotRunError


def test_empty_removes_ours_and_can_be_used_again(tmp_path: Path) -> None:
    data_dir.create(tmp_path, free_bytes_needed=0)
    for name in ("secrets.json", "identity.sqlite3", "tools"):
        (tmp_path / name).touch()
    data_dir.empty(tmp_path)
    data_dir.create(tmp_path, free_bytes_needed=0)
    assert {entry.name for entry in tmp_path.iterdir()} == {data_dir.MARKER, "log", "tools"}


def test_empty_leaves_a_directory_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    data_dir.empty(tmp_path)
    assert (tmp_path / "log").is_dir()


def test_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotRunError, match=r"is nearly full: \d+ MB are free and \d+ MB are needed\.$"):
        data_dir.create(tmp_path, free_bytes_needed=10**18)


def test_file_in_its_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(CannotRunError, match="is a file: name a directory"):
        data_dir.create(tmp_path / "data")


def test_lock_is_held_by_one(tmp_path: Path) -> None:
    first = data_dir.try_lock(tmp_path / "lock")
    assert first is not None
    assert data_dir.try_lock(tmp_path / "lock") is None
    first.close()
    again = data_dir.try_lock(tmp_path / "lock")
    assert again is not None
    again.close()
