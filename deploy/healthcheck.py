"""Asks the web process of this container whether it runs, under the only Host name that it answers."""

from __future__ import annotations

import os
import sys
import urllib.request
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 4


def main() -> int:
    """Return 0 if `/healthz` answers 200, else 1; `DEZKY_PORT` is 8000 unless it says otherwise."""
    url = f"http://127.0.0.1:{os.environ.get('DEZKY_PORT', '8000')}/healthz"
    request = urllib.request.Request(url, headers={"Host": urlsplit(os.environ["SITE_URL"]).netloc})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return 0 if answer.status == 200 else 1  # noqa: PLR2004 - OK
    except OSError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
