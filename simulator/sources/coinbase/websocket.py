"""Coinbase Exchange's websocket feed: subscriptions, and their errors in the venue's words.

Follows docs.cdp.coinbase.com/exchange (websocket-feed); assumptions are listed in the simulator's README.
"""

import asyncio
import json
from functools import partial
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from simulator.sources.coinbase.channels import Heartbeat, Tickers, TradeChannel, compact
from simulator.sources.coinbase.trades import TradedProduct, TradedProducts
from simulator.websockets.connection import ConnectionEnded, ServerSocket
from simulator.websockets.frame_scheduler import Channel
from simulator.websockets.sessions import POLICY, Session, Sessions

CHANNELS: Final = ("heartbeat", "matches", "ticker")


class BadSubscription(Exception):
    """A message that is answered with an error: its reason, and what failed."""

    def __init__(self, reason: str, failed: str = "Failed to subscribe") -> None:
        super().__init__(reason)
        self.failed = failed


class CoinbaseWebsocket:
    """The ASGI application behind ``/coinbase-ws``."""

    def __init__(self, products: TradedProducts, sessions: Sessions) -> None:
        self.products, self.sessions = products, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket."""
        socket = ServerSocket(receive, send)
        if await self.sessions.admit(socket, scope["client"][0] if scope.get("client") else "unknown"):
            await Subscriber(self, socket).serve()


class Subscriber:
    """One socket: the products of each channel, in the order of their subscription."""

    def __init__(self, websocket: CoinbaseWebsocket, socket: ServerSocket) -> None:
        self.products, self.sessions = websocket.products, websocket.sessions
        self.settings = self.sessions.settings
        self.session = Session("coinbase", socket, self.settings)
        self.subscribed: dict[str, dict[str, None]] = {}
        self.subscribed_once = False

    async def serve(self) -> None:
        """Until it ends: also by itself if nothing is subscribed to in time."""
        limits = self.settings.limits
        try:
            await self.session.socket.accept(limits.ping_seconds, limits.pong_seconds)
            timeout = asyncio.ensure_future(self._end_unsubscribed(limits.subscribe_seconds))
            try:
                await self.sessions.serve(self.session, self._on_message)
            finally:
                timeout.cancel()
        except ConnectionEnded:
            pass

    async def _end_unsubscribed(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not self.subscribed_once:
            await self.session.socket.close(POLICY, "no subscription within five seconds")

    async def _on_message(self, message: str | bytes) -> None:
        try:
            command = _command(message)
            products = self._parse(command)
            first_messages = self._change(products, remove=command["type"] == "unsubscribe")
        except BadSubscription as bad:
            await self.session.socket.send(
                [compact({"type": "error", "message": bad.failed, "reason": str(bad)})]
            )
            return
        await self.session.socket.send([compact(self._subscriptions())])
        await self.session.send(first_messages)

    def _parse(self, command: dict[str, Any]) -> dict[str, list[TradedProduct]]:
        """Products by channel; those of the message are for channels that name none."""
        parsed: dict[str, list[TradedProduct]] = {}
        for entry in command.get("channels") or []:
            name = entry.get("name") if isinstance(entry, dict) else entry
            own = entry.get("product_ids") if isinstance(entry, dict) else None
            products = own or command.get("product_ids") or []
            if name not in CHANNELS:
                raise BadSubscription(f"{name} is not a valid channel")
            if not products and command["type"] == "unsubscribe":
                products = list(self.subscribed.get(name, {}))
            parsed[name] = [self._known(product) for product in products]
        if not any(parsed.values()):
            raise BadSubscription("No channels or product ids were provided")
        return parsed

    def _known(self, product: object) -> TradedProduct:
        traded = self.products.find(product) if isinstance(product, str) else None
        if traded is None:
            raise BadSubscription(f"{product} is not a valid product")
        if traded.product.delisted:
            raise BadSubscription(f"{product} is delisted")
        return traded

    def _change(self, products_by_channel: dict[str, list[TradedProduct]], *, remove: bool) -> list[str]:
        """Change the subscriptions; returns the first messages of those that are new."""
        first_messages = []
        self.subscribed_once = True
        for name, products in products_by_channel.items():
            present = self.subscribed.setdefault(name, {})
            for traded in products:
                product = traded.product.id
                if remove:
                    present.pop(product, None)
                    self.session.scheduler.remove(f"{name}/{product}")
                elif product not in present:
                    present[product] = None
                    first_messages += self._start(name, traded)
            if not present:
                del self.subscribed[name]
        return first_messages

    def _start(self, name: str, traded: TradedProduct) -> list[str]:
        """Begin a channel after now; trades begin with the last one there was."""
        now_us = self.settings.now_us()
        self.session.scheduler.add(self._channel(name, traded), now_us)
        newest = traded.trades.newest(now_us)
        if newest < 1 or name == "heartbeat":
            return []
        last = Tickers(traded).message(newest) if name == "ticker" else traded.match(newest, "last_match")
        return [compact(last)]

    def _channel(self, name: str, traded: TradedProduct) -> Channel:
        label = f"{name}/{traded.product.id}"
        if name == "heartbeat":
            return Heartbeat(label, traded, self.settings.cadences["heartbeat"])
        message = Tickers(traded).message if name == "ticker" else partial(traded.match, kind="match")
        return TradeChannel(label, traded, message)

    def _subscriptions(self) -> dict[str, object]:
        channels = [
            {"name": name, "product_ids": list(products), "account_ids": None}
            for name, products in self.subscribed.items()
        ]
        return {"type": "subscriptions", "channels": channels}


def _command(message: str | bytes) -> dict[str, Any]:
    try:
        command = json.loads(message)
    except (ValueError, RecursionError):
        raise BadSubscription("Malformed JSON", "Malformed JSON") from None
    if not isinstance(command, dict) or command.get("type") not in {"subscribe", "unsubscribe"}:
        raise BadSubscription("Type has to be either subscribe or unsubscribe", "Failed to subscribe")
    return command
