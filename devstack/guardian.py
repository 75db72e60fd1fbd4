"""Waits for the end of the process that started it, then stops what that process left behind."""

from __future__ import annotations

import os
import signal
import sys

from devstack import processes


def main() -> None:
    """Block until standard input ends, which it does however the starter died; then clean up its run."""
    mark = sys.argv[1]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1024):
        pass
    # Twice: a service may have been about to start a worker while the first round went by.
    for _ in range(2):
        processes.stop_all(processes.leftovers(mark.rpartition("#")[0], mark=mark))


if __name__ == "__main__":
    main()
