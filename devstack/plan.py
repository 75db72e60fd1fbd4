"""What `up` runs: the steps and services of a whole Dezky, and what each waits for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devstack import environment, stamps
from devstack.data_dir import ROOT
from devstack.environment import Ports
from devstack.supervisor import Task

MIGRATE, DEMO, STATIC = "migrate", "demo", "static"
WEB_WORKERS = 2
WEB_THREADS = 8


@dataclass(frozen=True)
class Situation:
    """All that decides what has to run."""

    directory: Path
    ports: Ports
    standins: frozenset[str]
    variables: dict[str, str]
    is_current: Callable[[str, str], bool]


@dataclass(frozen=True)
class Plan:
    """The tasks, and the digests that their steps will have been done for."""

    tasks: list[Task]
    digests: dict[str, str]


def make(situation: Situation) -> Plan:
    """Return the tasks for this situation; steps whose stamp is current are left out."""
    everything = {**os.environ, **situation.variables, "DJANGO_SETTINGS_MODULE": "config.settings"}
    everything["PYTHONUNBUFFERED"] = "1"
    # The web process has no way to become the owner of the tables.
    served = {name: value for name, value in everything.items() if name != "DATABASE_OWNER_URL"}
    digests = _digests(situation)
    steps = [
        task
        for task in _steps(everything, situation.standins)
        if task.name != DEMO or _is_demo(situation)
        if not situation.is_current(task.name, digests[task.name])
    ]
    pending = frozenset(task.name for task in steps)
    standins = [task for task in _standins(situation, everything) if task.name in situation.standins]
    services = [
        Task(
            name="web",
            command=_granian(situation.ports.web),
            environment=served,
            after=pending & {MIGRATE, STATIC},
            is_service=True,
            health=(situation.ports.web, "/readyz"),
            stop_seconds=6.0,
            done_message=f"web answers (port {situation.ports.web})",
        ),
        Task(
            name="worker",
            command=[sys.executable, "manage.py", "procrastinate", "worker"],
            environment=served,
            # On two cores it would only slow the web's start.
            after=frozenset({"web"}),
            is_service=True,
            stop_seconds=6.0,
            done_message="worker is started",
        ),
    ]
    return Plan([*steps, *standins, *services], {name: digests[name] for name in pending})


def _is_demo(situation: Situation) -> bool:
    """Return whether the demo's people may be written: never into a database that the caller named."""
    return environment.IDENTITY in situation.standins and not os.environ.get("DATABASE_URL")


def _digests(situation: Situation) -> dict[str, str]:
    variables = situation.variables
    schema = stamps.digest_of_contents(stamps.migrations(ROOT), variables["DATABASE_URL"])
    return {
        MIGRATE: schema,
        DEMO: stamps.digest_of_contents(
            stamps.demo_sources(ROOT), schema, variables["SITE_URL"], variables["STRIPE_API_BASE"]
        ),
        STATIC: stamps.digest_of_stats(stamps.static_files(ROOT), variables["STATIC_ROOT"]),
    }


def _steps(variables: dict[str, str], standins: frozenset[str]) -> list[Task]:
    return [
        Task(
            name=MIGRATE,
            command=[sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"],
            environment=variables,
            done_message="the database has its tables",
        ),
        Task(
            name=DEMO,
            command=[sys.executable, "-m", "devstack.demo"],
            environment=variables,
            after=frozenset({MIGRATE}) | standins,
            done_message="the demo's data is there",
        ),
        Task(
            name=STATIC,
            command=[sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
            environment=variables,
            done_message="static files are collected",
        ),
    ]


def _standins(situation: Situation, variables: dict[str, str]) -> list[Task]:
    ports = situation.ports
    data = str(situation.directory)
    arguments = {
        environment.IDENTITY: (
            ports.identity,
            ["devstack.identity_provider", "--data-dir", data, "--site-url", variables["SITE_URL"]],
        ),
        environment.PAYMENTS: (
            ports.payments,
            [
                "devstack.payments",
                *("--database-url", variables["DATABASE_OWNER_URL"]),
                *("--webhook-url", f"{variables['SITE_URL']}/stripe/webhook/"),
            ],
        ),
        environment.MAILBOX: (
            ports.mailbox,
            ["devstack.mailbox", "--smtp-port", str(ports.smtp), "--data-dir", data],
        ),
    }
    return [
        Task(
            name=name,
            command=[sys.executable, "-m", *command, "--port", str(port)],
            environment=variables,
            is_service=True,
            health=(port, "/_health"),
            stop_rank=1,
            stop_seconds=2.0,
            done_message=f"{name} stand-in answers (port {port})",
        )
        for name, (port, command) in arguments.items()
    ]


def _granian(port: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        str(WEB_WORKERS),
        "--blocking-threads",
        str(WEB_THREADS),
        # Without it granian 2.8 hangs on a SIGTERM that comes while its workers start.
        "--workers-kill-timeout",
        "5",
        "config.wsgi:application",
    ]
