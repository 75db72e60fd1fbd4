"""`up` with tiny services in place of the product's: run as a program by test_up.py."""

from __future__ import annotations

import os
import sys

from devstack import plan, up
from devstack.errors import run_main
from devstack.supervisor import Task

# Answers every GET with 200, and starts a child that ignores SIGTERM, as a web worker might.
_SERVICE = """
import http.server, os, signal, subprocess, sys
if "--stubborn-child" in sys.argv:
    subprocess.Popen([sys.executable, "-c", "import signal,time; signal.signal(15, 1); time.sleep(300)"])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def _service(name: str, port: int, *words: str, rank: int = 0) -> Task:
    return Task(
        name=name,
        command=[sys.executable, "-S", "-c", _SERVICE, str(port), *words],
        environment=dict(os.environ),
        after=frozenset({"migrate"}),
        is_service=True,
        health=(port, "/"),
        stop_rank=rank,
        stop_seconds=2.0,
    )


def planner(situation: plan.Situation) -> plan.Plan:
    """Return one step and three services; `STUB_CRASH` makes the worker die at once, again and again."""
    ports = situation.ports
    crash = os.environ.get("STUB_CRASH")
    worker = [sys.executable, "-S", "-c", "print('no luck today'); raise SystemExit(3)"]
    tasks = [
        Task("migrate", [sys.executable, "-S", "-c", "print('migrating')"], dict(os.environ)),
        _service("web", ports.web, "--stubborn-child"),
        _service("identity", ports.identity, rank=1),
    ]
    if crash:
        tasks.append(Task("worker", worker, dict(os.environ), is_service=True, health=(ports.payments, "/")))
    steps = [task for task in tasks if task.name != "migrate" or not situation.is_current("migrate", "1")]
    return plan.Plan(steps, {"migrate": "1"})


if __name__ == "__main__":
    run_main(lambda: up.main(planner))
