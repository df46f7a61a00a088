"""How the websockets behave: rates and limits in force, pending disruptions, and what was counted."""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from simulator.faults.plan import BadControlRequest
from simulator.market.market import Market
from simulator.market.trades import MICROSECONDS, Cadence

RATES: Final = {"trade": 2.0, "bookTicker": 2.0, "miniTicker": 1.0, "kline": 0.5, "heartbeat": 1.0}
MIN_RATE: Final = 0.1
MAX_RATE: Final = 100_000.0
ORDERS: Final[Mapping[str, Mapping[str, float]]] = {
    "disconnect": {"code": 1006},
    "half_open": {},
    "shutdown": {"seconds": 5},
    "garbage": {},
    "skip": {"frames": 10},
    "repeat": {"frames": 10},
    "pause": {"seconds": 5},
}
SHAPES: Final = ("nested", "flat")
MAX_LIMIT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The venue's limits and times, by default as documented; tests shorten them."""

    ping_seconds: float = 20
    pong_seconds: float = 60
    session_seconds: float = 86_400
    streams_per_connection: int = 1_024
    messages_per_second: int = 5
    connections: int = 300
    connections_seconds: float = 300
    subscribe_seconds: float = 5
    lag_seconds: float = 30
    error_shape: str = "nested"


@dataclass(frozen=True, slots=True)
class Order:
    """Something to go wrong now on ``connections`` sockets (None: on all) of a venue, or of all."""

    do: str
    venue: str | None
    connections: int | None
    value: float


@dataclass(slots=True)
class Refusals:
    """The next ``times`` upgrades are answered with ``status``."""

    times: int = 0
    status: int = 503


class StreamSettings:
    """What holds now for all sockets; ``counts`` says what has happened so far."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.cadences = {kind: Cadence(rate) for kind, rate in RATES.items()}
        self.limits = Limits()
        self.refusals = Refusals()
        self.counts: Counter[str] = Counter()

    def now_us(self) -> int:
        """The simulator's time in microseconds since 1970."""
        return int(self.market.now() * MICROSECONDS)

    def change(self, document: Mapping[str, Any]) -> None:
        """Take rates, limits and refusals of a document that ``parse_change`` has accepted."""
        for kind, rate in document.get("rates", {}).items():
            self.cadences[kind].change(float(rate), self.now_us())
        self.limits = replace(self.limits, **document.get("limits", {}))
        self.refusals = Refusals(**document.get("refuse", asdict(self.refusals)))

    def reset(self) -> None:
        """The defaults again; what was traded stays as it was."""
        self.limits, self.refusals = Limits(), Refusals()
        self.counts.clear()
        for kind, rate in RATES.items():
            self.cadences[kind].change(rate, self.now_us())

    def described(self) -> dict[str, Any]:
        """As ``GET /_streams`` shows it, without the connections."""
        return {
            "rates": {kind: cadence.rate for kind, cadence in self.cadences.items()},
            "limits": asdict(self.limits),
            "refuse": asdict(self.refusals),
            "counts": dict(self.counts),
        }


def parse_change(document: object, venues: Collection[str]) -> tuple[dict[str, Any], list[Order]]:
    """The document of a PUT and its orders for ``venues``; raises ``BadControlRequest``."""
    known = {"rates", "limits", "refuse", "now"}
    if not isinstance(document, dict) or not set(document) <= known:
        raise BadControlRequest(f"The websockets' settings are a JSON object of {', '.join(sorted(known))}.")
    for name in known - {"now"}:
        if not isinstance(document.get(name, {}), dict):
            raise BadControlRequest(f"{name} must be an object.")
    for kind, rate in document.get("rates", {}).items():
        if kind not in RATES:
            raise BadControlRequest(f"There is no rate {kind!r}; the rates are {', '.join(RATES)}.")
        _number(f"rate {kind}", rate, MIN_RATE, MAX_RATE)
    _check_limits(document.get("limits", {}))
    for name, value in document.get("refuse", {}).items():
        if name not in {"times", "status"}:
            raise BadControlRequest(f"refuse knows times and status, not {name!r}.")
        _number(name, value, 0 if name == "times" else 400, MAX_LIMIT if name == "times" else 599, whole=True)
    orders = document.get("now", [])
    if not isinstance(orders, list):
        raise BadControlRequest("now must be a list.")
    return document, [_order(order, venues) for order in orders]


def _check_limits(given: Mapping[str, Any]) -> None:
    types = {field.name: field.type for field in fields(Limits)}
    for name, value in given.items():
        if name not in types:
            raise BadControlRequest(f"There is no limit {name!r}; the limits are {', '.join(types)}.")
        if name == "error_shape":
            if value not in SHAPES:
                raise BadControlRequest(f"error_shape is nested or flat, not {value!r}.")
        else:
            whole = types[name] in {int, "int"}
            _number(name, value, 1 if whole else 0.01, MAX_LIMIT, whole=whole)


def _order(given: object, venues: Collection[str]) -> Order:
    if not isinstance(given, dict) or given.get("do") not in ORDERS:
        raise BadControlRequest(
            f'An order is an object such as {{"do": "disconnect"}}, one of {", ".join(ORDERS)}.'
        )
    parameters = ORDERS[given["do"]]
    unknown = set(given) - {"do", "venue", "connections"} - set(parameters)
    if unknown:
        raise BadControlRequest(f"{given['do']} has no parameter {sorted(unknown)[0]!r}.")
    if given.get("venue") not in {None, *venues}:
        raise BadControlRequest(f"venue is one of {', '.join(venues)}, not {given['venue']!r}.")
    if given.get("connections") is not None:
        _number("connections", given["connections"], 1, MAX_LIMIT, whole=True)
    for name in parameters.keys() & given.keys():
        _number(name, given[name], 0, MAX_LIMIT, whole=name != "seconds")
    value = next((given.get(name, default) for name, default in parameters.items()), 0)
    return Order(given["do"], given.get("venue"), given.get("connections"), value)


def _number(name: str, value: object, low: float, high: float, *, whole: bool = False) -> None:
    right = isinstance(value, int) if whole else isinstance(value, int | float)
    if isinstance(value, bool) or not right or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type, operator]
        raise BadControlRequest(f"{name} must be a number from {low:g} to {high:g}, not {value!r}.")
