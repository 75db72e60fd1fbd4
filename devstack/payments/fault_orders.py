"""`{"action": "faults"}`: which routes fail, how, and how often."""

from __future__ import annotations

from typing import Any, get_args

from devstack.faults import Fault, FaultKind, Faults
from devstack.payments.routes import ROUTES

_NORMAL = "normal"


def order(faults: Faults, order: dict[str, Any]) -> dict[str, Any]:
    """Put faults in force, or end them with the kind `normal`, and return those in force.

    Raises:
        ValueError: a path is no route of the stand-in, or the kind is unknown.

    """
    paths = order.get("paths", [])
    known = {route.name for route in ROUTES}
    if not isinstance(paths, list) or any(path not in known for path in paths):
        strange = paths if not isinstance(paths, list) else [path for path in paths if path not in known]
        raise ValueError(f"no such route: {strange}; routes look like POST /v1/setup_intents/{{}}/confirm")
    kind = order.get("kind", _NORMAL)
    if kind == _NORMAL:
        faults.clear(paths)
    elif kind in get_args(FaultKind):
        fault = Fault(
            kind=kind,
            seconds=float(order.get("seconds", 5)),
            bytes_per_second=float(order.get("bytes_per_second", 20)),
            code=int(order.get("code", 503)),
            is_after=bool(order.get("is_after", False)),
        )
        times = order.get("times")
        faults.put(fault, paths, None if times is None else int(times))
    else:
        raise ValueError(f"kind must be one of {', '.join((*get_args(FaultKind), _NORMAL))}")
    return {"faults": faults.describe()}
