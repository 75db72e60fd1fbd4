"""The one error that people see as a sentence instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable


class CannotRunError(Exception):
    """Something outside the code is in the way; the message is one sentence that says what and what to do."""


def run_main(main: Callable[[], int]) -> None:
    """Run a command's `main`, print a `CannotRunError` as its sentence, and exit with the command's code."""
    try:
        code = main()
    except CannotRunError as error:
        print(f"dezky: {error}", file=sys.stderr, flush=True)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
