"""`bin/dezky bench`: the benchmarks as JSON; every figure is a ratio of two measurements of one run."""

from __future__ import annotations

import http.client
import json
import os
import platform
import queue
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from devstack import data_dir as data
from devstack import environment
from devstack import ports as port_check
from devstack.bench_site import acks
from devstack.data_dir import ROOT
from devstack.environment import Ports
from devstack.errors import CannotRunError, run_main
from devstack.postgres import Cluster
from devstack.supervisor import answers

_ROUNDS = 60
_WARM_UP_ROUNDS = 5
_START_SECONDS = 300.0
# Each page against /healthz, which does no more than answer.
_PAGES = {"sign_in_redirect": "/", "ready": "/readyz", "api_schema": "/api/schema/"}


def main() -> int:
    """Measure a running Dezky, or one started for it, and print JSON."""
    if sys.argv[1:] in (["--help"], ["-h"]):
        print("Usage: bin/dezky bench\n\nMeasures a Dezky of its own, in .dezky/bench, and prints JSON.")
        return 0
    directory = data.choose(None) / "bench"
    with _stack(directory) as port:
        figures: dict[str, object] = {**_measure(port), "webhook_to_insert": _acks(directory, port)}
        figures["invoices_30000_to_3"] = _invoices(directory, port)
    print(json.dumps({"machine": platform.machine(), "rounds": _ROUNDS, "ratios": figures}, indent=2))
    return 0


def _measure(port: int) -> dict[str, dict[str, float | int]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    base: list[float] = []
    times: dict[str, list[float]] = {name: [] for name in _PAGES}
    statuses: dict[str, int] = {}
    # Interleaved, so that a slow moment of the machine falls on both sides of the ratio.
    for round_number in range(_ROUNDS + _WARM_UP_ROUNDS):
        base_ms, _ = _time(connection, "/healthz")
        if round_number >= _WARM_UP_ROUNDS:
            base.append(base_ms)
        for name, path in _PAGES.items():
            page_ms, statuses[name] = _time(connection, path)
            if round_number >= _WARM_UP_ROUNDS:
                times[name].append(page_ms)
    median = statistics.median(base)
    return {
        f"{name}_to_healthz": {"ratio": round(statistics.median(found) / median, 2), "status": statuses[name]}
        for name, found in times.items()
    }


def _acks(directory: Path, port: int) -> dict[str, float]:
    """Compare the acknowledgement of a webhook with a view that does one INSERT."""
    with psycopg.connect(Cluster(directory).url("postgres", "dezky")) as connection:
        query = "SELECT customer_id FROM billing_billingaccount WHERE customer_id IS NOT NULL"
        customers = [row[0] for row in connection.execute(query).fetchall()]
    secret = str(data.read(directory / "secrets.json")["STRIPE_WEBHOOK_SECRET"])
    found = acks.measure(acks.Target(port, secret, customers), rounds=10, pairs=25)
    return {"p50": round(found.ratio(0.5), 2), "p99": round(found.ratio(0.99), 2)}


def _invoices(directory: Path, port: int) -> dict[str, float]:
    """Compare the list of a workspace with 30,000 invoices with that of one with three."""
    owner = Cluster(directory).url("dezky_owner", "dezky")
    urls = {"DATABASE_URL": owner, "DATABASE_OWNER_URL": owner}
    variables = environment.build(directory, Ports(port), given={}, database_urls=urls)
    command = [sys.executable, "-P", "-m", "devstack.bench_site.invoices"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        message = "the list of invoices could not be measured (its reason stands above)."
        raise CannotRunError(message)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _time(connection: http.client.HTTPConnection, path: str) -> tuple[float, int]:
    started = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return (time.perf_counter() - started) * 1000, answer.status


@contextmanager
def _stack(directory: Path) -> Iterator[int]:
    """Run a Dezky of its own on free ports until the measuring is over."""
    port = _five_free_ports()
    command = [sys.executable, "-P", "-m", "devstack.bench_site.up", "--port", str(port), "--data-dir", str(directory)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, errors="replace")
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    try:
        _wait_until_ready(lines, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    for line in process.stdout or ():
        lines.put(line)
    lines.put(None)


def _wait_until_ready(lines: queue.Queue[str | None], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        line = lines.get(timeout=_START_SECONDS)
        if line is None:
            message = "the Dezky to be measured did not start (its reason stands above)."
            raise CannotRunError(message)
        print(line, end="", file=sys.stderr)
        if line.startswith("Dezky is ready"):
            if not answers(port, "/healthz"):
                message = "the Dezky to be measured does not answer at /healthz."
                raise CannotRunError(message)
            return
    message = f"the Dezky to be measured was not ready within {_START_SECONDS:.0f} seconds."
    raise CannotRunError(message)


def _five_free_ports() -> int:
    for start in range(18000, 19000, 10):
        if all(port_check.is_free(start + offset) for offset in range(5)):
            return start
    message = "found no five free ports in a row between 18000 and 19000."
    raise CannotRunError(message)


if __name__ == "__main__":
    run_main(main)
