"""Binance's websocket: combined and raw streams, live subscriptions, the limits of a connection.

Follows web-socket-streams.md of binance-spot-api-docs (2026-07); assumptions are listed in the
simulator's README.
"""

import json
from collections import deque
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from simulator.sources.binance.streams import TradedSymbols, well_formed
from simulator.websockets.connection import ConnectionEnded, ServerSocket
from simulator.websockets.sessions import POLICY, Session, Sessions
from simulator.websockets.settings import Order

COMBINED: Final = "/stream"
RAW: Final = "/ws"
SHUTDOWN: Final = "serverShutdown"
METHODS: Final = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
MAX_ID_CHARACTERS: Final = 36
UNKNOWN_PROPERTY, BAD_VALUE, BAD_REQUEST, BAD_JSON = range(4)


class BadCommand(Exception):
    """A command that is answered with an error; ``code`` as documented."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class BinanceWebsocket:
    """The ASGI application behind ``/binance-ws``."""

    def __init__(self, symbols: TradedSymbols, sessions: Sessions) -> None:
        self.symbols, self.sessions = symbols, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket."""
        socket = ServerSocket(receive, send)
        path = scope["path"]
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if path not in {COMBINED, RAW} and not path.startswith(f"{RAW}/"):
            await socket.refuse(404, "Not Found")
        elif await self.sessions.admit(socket, scope["client"][0] if scope.get("client") else "unknown"):
            await Subscriber(self, socket, path, query).serve()


class Subscriber:
    """One socket: what it is subscribed to, and how its frames are written."""

    def __init__(
        self, websocket: BinanceWebsocket, socket: ServerSocket, path: str, query: dict[str, list[str]]
    ) -> None:
        self.symbols, self.sessions = websocket.symbols, websocket.sessions
        self.settings = self.sessions.settings
        self.session = Session("binance", socket, self.settings)
        self.session.shutdown_notice = self._shutdown
        self.combined = path == COMBINED
        micro = query.get("timeUnit", ["MILLISECOND"])[0].upper() == "MICROSECOND"
        self.unit = 1_000_000 if micro else 1_000
        names = query.get("streams", [""])[0] if self.combined else path.removeprefix(RAW).strip("/")
        self.initial_names = [name for name in names.split("/") if name]
        self.names: dict[str, None] = {}  # in the order of their subscription
        self.message_times: deque[float] = deque()

    async def serve(self) -> None:
        """Until it ends."""
        limits = self.settings.limits
        try:
            await self.session.socket.accept(limits.ping_seconds, limits.pong_seconds, self._count)
            if len(self.initial_names) > limits.streams_per_connection:
                await self.session.end(POLICY, "too many streams")
            self.subscribe(self.initial_names)
            await self.sessions.serve(self.session, self._on_message)
        except ConnectionEnded:
            pass

    def subscribe(self, names: list[str]) -> None:
        """Add streams, from their next event on."""
        self.names.update(dict.fromkeys(names))
        for channel in self.symbols.streams(names, self.unit, combined=self.combined):
            self.session.scheduler.add(channel, self.settings.now_us())

    async def _on_message(self, message: str | bytes) -> None:
        """Answer one command."""
        self._count()
        identity: Any = None
        try:
            command = _command(message)
            identity = command.get("id")
            answer = {"result": self._answer(command), "id": identity}
        except BadCommand as bad:
            answer = self._error(bad, identity)
        await self.session.socket.send([json.dumps(answer, separators=(",", ":"))])

    def _answer(self, command: dict[str, Any]) -> object:
        method, names = command["method"], command.get("params", [])
        match method:
            case "LIST_SUBSCRIPTIONS":
                return list(self.names)
            case "SUBSCRIBE" | "UNSUBSCRIBE":
                self._check(names, method)
                if method == "SUBSCRIBE":
                    self.subscribe(names)
                else:
                    for name in names:
                        self.names.pop(name, None)
                        self.session.scheduler.remove(name)
                return None
            case "GET_PROPERTY":
                _property(names, 1)
                return self.combined
        _property(names, 2)
        if not isinstance(names[1], bool):
            raise BadCommand(BAD_VALUE, "Invalid value type: expected Boolean")
        self._rewrap(combined=names[1])
        return None

    def _rewrap(self, *, combined: bool) -> None:
        self.combined = combined
        names = list(self.names)
        for name in names:
            self.session.scheduler.remove(name)
        self.subscribe(names)

    def _check(self, names: object, method: str) -> None:
        if not isinstance(names, list) or not names or not all(map(well_formed, names)):
            raise BadCommand(BAD_REQUEST, "Invalid request: invalid stream")
        more = set(names) - set(self.names) if method == "SUBSCRIBE" else set()
        if len(self.names) + len(more) > self.settings.limits.streams_per_connection:
            raise BadCommand(BAD_REQUEST, "Invalid request: too many parameters")

    def _error(self, bad: BadCommand, identity: object) -> dict[str, object]:
        """Documents show the flat shape; the nested one has been seen live."""
        error = {"code": bad.code, "msg": str(bad)}
        if self.settings.limits.error_shape == "flat":
            return {**error, "id": identity}
        return {"error": error, "id": identity}

    def _count(self) -> None:
        """Commands, pings and pongs of the last second: too many of them end the connection."""
        now = self.settings.market.now()
        self.message_times.append(now)
        while self.message_times[0] <= now - 1:
            self.message_times.popleft()
        if len(self.message_times) > self.settings.limits.messages_per_second:
            self.session.orders.append(Order("disconnect", None, None, POLICY))

    def _shutdown(self) -> str:
        payload = f'{{"e":"{SHUTDOWN}","E":{self.settings.now_us() * self.unit // 1_000_000}}}'
        return f'{{"stream":"!{SHUTDOWN}","data":{payload}}}' if self.combined else payload


def _command(message: str | bytes) -> dict[str, Any]:
    try:
        command = json.loads(message)
    except (ValueError, RecursionError):
        raise BadCommand(BAD_JSON, "Invalid JSON: expected value at line 1 column 1") from None
    if not isinstance(command, dict) or "method" not in command:
        raise BadCommand(BAD_REQUEST, "Invalid request: missing field `method` at line 1 column 2")
    if command["method"] not in METHODS:
        text = f"unknown variant `{command['method']}`, expected one of {', '.join(METHODS)}"
        raise BadCommand(BAD_REQUEST, f"Invalid request: {text}")
    identity = command.get("id")
    wrong_text = isinstance(identity, str) and len(identity) > MAX_ID_CHARACTERS
    if wrong_text or isinstance(identity, bool | float | list | dict):
        raise BadCommand(BAD_REQUEST, "Invalid request: request ID must be an unsigned integer")
    return command


def _property(names: object, count: int) -> None:
    if not isinstance(names, list) or len(names) != count or not isinstance(names[0], str):
        raise BadCommand(BAD_REQUEST, "Invalid request: property name must be a string")
    if names[0] != "combined":
        raise BadCommand(UNKNOWN_PROPERTY, "Unknown property")
