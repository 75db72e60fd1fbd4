"""Calls whose answer must not be lost: the caller waits for a while, the call goes on.

A refresh token is spent when the provider takes it. If the answer drips in too slowly for a request, it is
read to its end by a thread of its own, which holds no web worker.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from django.db import connections

from accounts.lanes import lanes


def start[T](work: Callable[[], T]) -> Future[T]:
    """Run `work` in a thread of its own, outside of the lanes; callbacks of the result may use the database."""
    future: Future[T] = Future()
    threading.Thread(target=_run, args=(future, work), daemon=True, name="late-answer").start()
    return future


def _run[T](future: Future[T], work: Callable[[], T]) -> None:
    try:
        with lanes.outside():
            result = work()
    except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
        future.set_exception(error)
    else:
        future.set_result(result)
    finally:
        connections.close_all()
