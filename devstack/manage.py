"""`bin/dezky manage`: Django's manage.py in the environment of the running or last `up`."""

from __future__ import annotations

import os
import socket
import sys
from urllib.parse import urlsplit

from devstack import data_dir as data
from devstack import environment
from devstack.environment import Ports
from devstack.errors import CannotRunError, run_main
from devstack.postgres import Cluster

_NEED_NO_DATABASE = frozenset(
    {
        "check",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "findstatic",
        "help",
        "makemessages",
        "spectacular",
    }
    | {"startapp", "version", "makemigrations", "--help", "-h", "--version"}
)


def main() -> int:
    """Replace this process by manage.py; return only if that is impossible."""
    words = sys.argv[1:]
    directory = data.choose(None)
    data.create(directory)
    given = {name: os.environ[name] for name in environment.PRODUCT_VARIABLES if os.environ.get(name)}
    urls: dict[str, str] = {}
    if not given.get("DATABASE_URL"):
        cluster = Cluster(directory)
        urls = {
            "DATABASE_URL": cluster.url("dezky_app", "dezky"),
            "DATABASE_OWNER_URL": cluster.url("dezky_owner", "dezky"),
        }
    last = data.read(directory / "up.json")
    ports = Ports(int(last.get("port", environment.DEFAULT_PORT)))
    variables = environment.build(directory, ports, given=given, database_urls=urls)
    if words and words[0] not in _NEED_NO_DATABASE and "--help" not in words:
        _demand_database(variables["DATABASE_URL"])
    os.chdir(data.ROOT)
    command = [sys.executable, str(data.ROOT / "manage.py"), *words]
    os.execve(  # noqa: S606 - this process becomes manage.py, with the terminal and its signals
        command[0], command, {**os.environ, **variables, "DJANGO_SETTINGS_MODULE": "config.settings"}
    )


def _demand_database(url: str) -> None:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5432), timeout=3).close()
    except OSError as error:
        message = f"the database at {parts.hostname}:{parts.port} is not running: start it with bin/dezky up."
        raise CannotRunError(message) from error


if __name__ == "__main__":
    run_main(main)
