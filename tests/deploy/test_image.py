"""deploy/Dockerfile, read; and what its steps do, done here: there is no Docker in the tests."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.conf import settings

from devstack import plan

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
_TEXT = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def copied() -> list[tuple[str, str]]:
    """Return what is copied from the clone, with where to."""
    pairs: list[tuple[str, str]] = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", _TEXT, re.MULTILINE):
        *sources, target = line.split()
        pairs += [(source, f"{target}{source}" if target.endswith("/") else target) for source in sources]
    return pairs


def build_environment() -> dict[str, str]:
    """Return the variables that collectstatic is given."""
    (line,) = re.findall(r"^RUN (SITE_URL=.+) \.venv/bin/python manage\.py collectstatic", _TEXT, re.MULTILINE)
    return dict(word.split("=", 1) for word in line.split())


def lay_out(folder: Path) -> Path:
    for source, target in copied():
        place = folder / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, place)
    return folder


def test_it_serves_by_the_command_of_bin_dezky_but_for_the_address() -> None:
    (line,) = re.findall(r"^CMD (\[.+\])$", _TEXT, re.MULTILINE)
    command = json.loads(line)
    expected = [word.replace("127.0.0.1", "0.0.0.0") for word in plan._granian(8000)]

    assert ["python", *command[1:]] == ["python", *expected[1:]]


def test_it_installs_neither_development_tools_nor_the_stand_ins_packages() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]["default-groups"]

    assert set(groups) == {"dev", "devstack"}
    assert "uv sync --frozen --no-default-groups" in _TEXT


def test_it_runs_as_nobody_in_particular() -> None:
    (user,) = re.findall(r"^USER (\d+):(\d+)$", _TEXT, re.MULTILINE)
    final = _TEXT.rpartition("\nFROM ")[2]

    assert all(int(number) >= 1000 for number in user)
    assert final.index("USER ") < final.index("CMD ")
    assert "--chown" not in final


def test_its_python_is_that_of_the_clone() -> None:
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()

    assert set(re.findall(r"^FROM python:([\d.]+)-slim", _TEXT, re.MULTILINE)) == {version}


def test_what_it_copies_exists_and_is_let_through_to_the_builder() -> None:
    through = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    sources = [source for source, _ in copied()]

    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert sorted(sources) == sorted(through)


def test_it_holds_every_app_of_ours_and_no_stand_in() -> None:
    ours = {name.partition(".")[0] for name in settings.INSTALLED_APPS}
    apps = {name for name in ours if (ROOT / name).is_dir()}
    names = {source for source, _ in copied()}

    assert apps <= names
    assert not {"devstack", "tests", "docs", "bin", ".env.example"} & names


def test_nothing_in_it_imports_what_was_left_out(tmp_path: Path) -> None:
    left_out = {"devstack", "tests", "pytest", "factory", "hypothesis", "psutil", "playwright"}
    found = {
        f"{path.relative_to(tmp_path)}: {name}"
        for path in lay_out(tmp_path).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _imported(node)
        if name.partition(".")[0] in left_out
    }

    assert found == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def test_static_files_are_collected_with_nothing_but_the_throw_away_environment(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "app")
    variables = {**build_environment(), "STATIC_ROOT": str(tmp_path / "static"), "PATH": os.environ["PATH"]}

    subprocess.run(
        [sys.executable, "-P", "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=folder,
        env={**variables, "PYTHONPATH": str(folder)},
        check=True,
        timeout=100,
    )

    assert (tmp_path / "static" / "staticfiles.json").exists()


def test_the_throw_away_environment_is_what_the_settings_demand() -> None:
    demanded = re.findall(r'env\.\w+\(\s*"([A-Z_]+)"\)', (ROOT / "config" / "settings.py").read_text(encoding="utf-8"))

    assert set(build_environment()) - {"STATIC_ROOT"} == set(demanded) - {"DATABASE_OWNER_URL"}


# --- The health check ---------------------------------------------------------------------------------------------


class _Web(BaseHTTPRequestHandler):
    """Answers as Dezky does: its own Host alone."""

    def do_GET(self) -> None:
        is_ours = (self.path, self.headers["Host"]) == ("/healthz", "dezky.example.com")
        self.send_response(200 if is_ours else 400)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Web) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def is_healthy(port: int, site_url: str) -> bool:
    variables = {"SITE_URL": site_url, "DEZKY_PORT": str(port), "PATH": os.environ["PATH"]}
    command = [sys.executable, str(DEPLOY / "healthcheck.py")]
    return subprocess.run(command, env=variables, check=False, capture_output=True, timeout=30).returncode == 0


def test_health_is_asked_under_the_host_that_is_answered(port: int) -> None:
    assert is_healthy(port, "https://dezky.example.com") is True
    assert is_healthy(port, "https://elsewhere.example.com") is False


def test_a_process_that_does_not_answer_is_not_healthy(port: int) -> None:
    with HTTPServer(("127.0.0.1", 0), _Web) as server:
        closed = server.server_port
    assert is_healthy(closed, "https://dezky.example.com") is False
