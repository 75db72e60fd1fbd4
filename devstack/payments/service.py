"""The whole stand-in put together: the API, its clock, its webhooks, and what /_control can ask of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from devstack.faults import Faults
from devstack.payments import dunning, fault_orders
from devstack.payments.api import Api
from devstack.payments.clock import Clock, Ticker
from devstack.payments.deliveries import Deliveries, Send, send_over_http
from devstack.payments.store import Store
from devstack.payments.webhooks import Seeded
from devstack.payments.workers import Workers
from devstack.standin import Request, Response, StandInServer


class Service:
    """One stand-in over one store; nothing runs by itself before `start`."""

    def __init__(
        self,
        store: Store,
        *,
        secret_key: str,
        publishable_key: str = "",
        webhook: Seeded | None = None,
        send: Send = send_over_http,
    ) -> None:
        """Put it together; `send` is how webhooks leave."""
        self.store = store
        self.api = Api(store, secret_key=secret_key, publishable_key=publishable_key, webhook=webhook)
        self.clock = Clock(store)
        self.deliveries = Deliveries(store, send=send)
        self.faults = Faults()
        self._ticker = Ticker(self.clock)
        self._workers = Workers(self.deliveries)

    def server(self, port: int, answer: Callable[[Request], Response] | None = None) -> StandInServer:
        """Bind a port; `answer` may stand before the API's own. The store learns where it is reached."""
        server = StandInServer(
            port,
            answer or self.api.answer,
            actions=self._actions(),
            faults=self.faults,
            endpoint_of=self.api.endpoint_of,
        )
        self.store.base_url = f"http://127.0.0.1:{server.server_address[1]}"
        return server

    def start(self) -> None:
        """Let the clock tick and webhooks go out."""
        self._ticker.start()
        self._workers.start()

    def stop(self) -> None:
        """Stop both."""
        self._ticker.stop()
        self._workers.stop()

    def reset(self, _order: dict[str, Any]) -> None:
        """Behave again, on the real time, with the demo's plans alone."""
        self.faults.clear([])
        self.deliveries.reset()
        self.api.rate_limit.order({})
        self.clock.reset()
        self.api.reset()

    def _dunning(self, order: dict[str, Any]) -> dict[str, Any]:
        """Set when failed payments are tried again and what comes after the last time."""
        with self.store.transaction() as shelf:
            dunning.order(shelf, order)
            kept = dunning.settings(shelf)
        return {"retry_days": kept["retry_days"], "end": kept["end"]}

    def _actions(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]]:
        return {
            "clock": self.clock.order,
            "dunning": self._dunning,
            "faults": partial(fault_orders.order, self.faults),
            "rate_limit": self.api.rate_limit.order,
            "reset": self.reset,
            "webhooks": self.deliveries.order,
        }
