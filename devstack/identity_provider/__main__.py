"""`python -m devstack.identity_provider`: serve the stand-in until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from .applications import read_applications
from .provider import Monitor, Provider
from .server import IdentityServer


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _monitor(environ: Mapping[str, str]) -> Monitor:
    """Return the monitor that the environment tells of, in the product's own variables."""
    names = ("AUTHENTIK_PROBE_OPERATOR", "AUTHENTIK_PROBE_OUTSIDER")
    passwords = {environ[name]: environ.get(f"{name}_PASSWORD", "") for name in names if environ.get(name)}
    return Monitor(environ.get("AUTHENTIK_API_TOKEN", ""), passwords)


def main() -> int:
    """Run the server; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m devstack.identity_provider", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--site-url", required=True, help="where Dezky is served")
    options = parser.parse_args()
    if not is_loopback(options.host):
        sys.stderr.write("The stand-in has no passwords: it serves loopback addresses only.\n")
        return 2
    site_url = options.site_url.rstrip("/")
    try:
        applications = read_applications(site_url, os.environ)
    except LookupError as error:
        sys.stderr.write(f"{error.args[0]}\n")
        return 2
    os.umask(0o077)  # The database holds the signing keys.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s identity %(message)s")
    provider = Provider(applications, site_url, options.data_dir, _monitor(os.environ))
    server = IdentityServer(options.host, options.port, provider)
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop that this handler interrupts: another thread has to call it.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    logging.getLogger(__name__).info("serves http://%s:%d", options.host, options.port)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    provider.store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
