"""Kraken's websocket v2: ``status`` on connect, an acknowledgement for each symbol, snapshots, ping and pong.

Follows docs.kraken.com/exchange/api-reference/spot-websocket-v2 and, for errors and the order of keys (by
name), public captures up to October 2026. A refused symbol is answered with ``success`` false and nothing
comes for it, while heartbeats go on. One connection has one ``ohlc`` interval for each symbol. Assumptions
are listed in the simulator's README.
"""

import json
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from simulator.market.trades import mix
from simulator.sources.kraken.channels import (
    CandleChannel,
    Heartbeat,
    TickerChannel,
    TradeChannel,
    status,
    timestamp,
)
from simulator.sources.kraken.market_data import INTERVALS
from simulator.sources.kraken.pairs import TradedPairs
from simulator.websockets.connection import ConnectionEnded, ServerSocket
from simulator.websockets.sessions import Session, Sessions

PATH: Final = "/v2"
# whether a subscription that does not say so begins with a snapshot
SNAPSHOTS: Final = {"ticker": True, "trade": False, "ohlc": True}
TRIGGERS: Final = ("trades", "bbo")
DEPRECATED: Final = ["timestamp is deprecated, use interval_begin"]

DataChannel = TickerChannel | TradeChannel | CandleChannel


class BadRequest(Exception):
    """A request, or one symbol of it, that is answered with an error."""

    def __init__(self, message: str, symbol: object = None) -> None:
        super().__init__(message)
        self.symbol = symbol


class KrakenWebsocket:
    """The ASGI application behind ``/kraken-ws``."""

    def __init__(self, pairs: TradedPairs, sessions: Sessions) -> None:
        self.pairs, self.sessions = pairs, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket."""
        socket = ServerSocket(receive, send)
        if scope["path"] != PATH:
            await socket.refuse(404, "Not Found")
        elif await self.sessions.admit(socket, scope["client"][0] if scope.get("client") else "unknown"):
            await Subscriber(self, socket).serve()


class Subscriber:
    """One socket: its channels by (channel, symbol)."""

    def __init__(self, websocket: KrakenWebsocket, socket: ServerSocket) -> None:
        self.pairs, self.sessions = websocket.pairs, websocket.sessions
        self.settings = self.sessions.settings
        self.session = Session("kraken", socket, self.settings)
        self.subscribed: dict[tuple[str, str], DataChannel] = {}

    async def serve(self) -> None:
        """Until it ends."""
        limits = self.settings.limits
        try:
            await self.session.socket.accept(limits.ping_seconds, limits.pong_seconds)
            await self.session.socket.send([status(mix(self.session.opened_us, 1))])
            await self.sessions.serve(self.session, self._on_message)
        except ConnectionEnded:
            pass

    async def _on_message(self, message: str | bytes) -> None:
        received = timestamp(self.settings.now_us())
        try:
            request = _request(message)
        except BadRequest as bad:
            await self._answer({"error": str(bad), "success": False}, {}, received)
            return
        if request["method"] == "ping":
            await self._answer({"method": "pong"}, request, received)
            return
        try:
            params = request.get("params")
            channel, symbols = _channel_and_symbols(params)
        except BadRequest as bad:
            await self._refuse(bad, request, received)
            return
        for symbol in symbols:
            try:
                if request["method"] == "unsubscribe":
                    await self._unsubscribe(channel, symbol, request, received)
                else:
                    await self._subscribe(channel, symbol, request, received)
            except BadRequest as bad:
                await self._refuse(bad, request, received)

    async def _subscribe(self, name: str, symbol: str, request: dict[str, Any], received: str) -> None:
        params = request["params"]
        channel, described = self._channel(name, symbol, params)
        snapshot = params.get("snapshot", SNAPSHOTS[name])
        result = {"channel": name, **described, "snapshot": snapshot, "symbol": symbol}
        if name == "ohlc":
            result["warnings"] = DEPRECATED
        await self._answer({"method": "subscribe", "result": result, "success": True}, request, received)
        now_us = self.settings.now_us()
        self.session.scheduler.add(Heartbeat(self.session, self.settings.cadences["heartbeat"]), now_us)
        self.subscribed[name, symbol] = channel
        first = channel.snapshot(now_us) if snapshot else None
        self.session.scheduler.add(channel, now_us)
        if first:
            await self.session.send([first])

    async def _unsubscribe(self, name: str, symbol: str, request: dict[str, Any], received: str) -> None:
        channel = self.subscribed.pop((name, symbol), None)
        if channel is None:
            raise BadRequest("Subscription Not Found", symbol)
        self.session.scheduler.remove(channel.name)
        result: dict[str, object] = {"channel": name, "symbol": symbol}
        if isinstance(channel, CandleChannel):
            result["interval"] = channel.interval
        await self._answer({"method": "unsubscribe", "result": result, "success": True}, request, received)

    def _channel(
        self, name: str, symbol: str, params: dict[str, Any]
    ) -> tuple[DataChannel, dict[str, object]]:
        """The channel, and what the acknowledgement says about it beside its symbol."""
        if "/" not in symbol:
            raise BadRequest(f"Currency pair not in ISO 4217-A3 format {symbol}", symbol)
        traded = self.pairs.find(symbol)
        if traded is None:
            raise BadRequest(f"Currency pair not supported {symbol}", symbol)
        present, label = self.subscribed.get((name, symbol)), f"{name}/{symbol}"
        if name == "ohlc":
            interval = params.get("interval", INTERVALS[0])
            if interval not in INTERVALS:
                raise BadRequest("Subscription ohlc interval not supported", symbol)
            if isinstance(present, CandleChannel) and present.interval != interval:
                raise BadRequest("Already subscribed to one ohlc interval on this symbol", symbol)
        if present:
            raise BadRequest("Already subscribed", symbol)
        if name == "trade":
            return TradeChannel(label, traded), {}
        if name == "ohlc":
            return CandleChannel(label, traded, self.settings.cadences["kline"], interval), {
                "interval": interval
            }
        trigger = params.get("event_trigger", TRIGGERS[0])
        if trigger not in TRIGGERS:
            raise BadRequest("Event trigger not supported", symbol)
        book = self.settings.cadences["bookTicker"] if trigger == "bbo" else None
        return TickerChannel(label, traded, book), {"event_trigger": trigger}

    async def _refuse(self, bad: BadRequest, request: dict[str, Any], received: str) -> None:
        answer: dict[str, Any] = {"error": str(bad), "method": request["method"], "success": False}
        if bad.symbol is not None:
            answer["symbol"] = bad.symbol
        await self._answer(answer, request, received)

    async def _answer(self, answer: dict[str, Any], request: dict[str, Any], received: str) -> None:
        if "req_id" in request:
            answer["req_id"] = request["req_id"]
        answer |= {"time_in": received, "time_out": timestamp(self.settings.now_us())}
        await self.session.socket.send([json.dumps(answer, separators=(",", ":"), sort_keys=True)])


def _request(message: str | bytes) -> dict[str, Any]:
    try:
        request = json.loads(message)
    except (ValueError, RecursionError):
        raise BadRequest("Malformed request") from None
    if not isinstance(request, dict) or request.get("method") not in {"subscribe", "unsubscribe", "ping"}:
        raise BadRequest("Unsupported method")
    return request


def _channel_and_symbols(params: object) -> tuple[str, list[str]]:
    if not isinstance(params, dict):
        raise BadRequest("Params field must be an object")
    channel, symbols = params.get("channel"), params.get("symbol")
    if channel not in SNAPSHOTS:
        raise BadRequest("Subscription name invalid")
    if not isinstance(symbols, list) or not symbols or not all(isinstance(symbol, str) for symbol in symbols):
        raise BadRequest("Symbol(s) not found")
    return channel, symbols
