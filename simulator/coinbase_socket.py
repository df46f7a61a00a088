"""Coinbase Exchange's websocket feed: subscriptions, and their errors in the venue's words.

Follows docs.cdp.coinbase.com/exchange (websocket-feed); assumptions are listed in this folder's README.
"""

import asyncio
import json
from functools import partial
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from simulator.coinbase_streams import Heartbeat, Tickers, TradeChannel, written
from simulator.coinbase_trades import Traded, TradedProducts
from simulator.pump import Channel
from simulator.sessions import POLICY, Session, Sessions
from simulator.wire import Gone, Wire

CHANNELS: Final = ("heartbeat", "matches", "ticker")


class BadSubscription(Exception):
    """A message that is answered with an error: its reason, and what failed."""

    def __init__(self, reason: str, failed: str = "Failed to subscribe") -> None:
        super().__init__(reason)
        self.failed = failed


class CoinbaseSockets:
    """The ASGI application behind ``/coinbase-ws``."""

    def __init__(self, products: TradedProducts, sessions: Sessions) -> None:
        self.products, self.sessions = products, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket."""
        wire = Wire(receive, send)
        if await self.sessions.admit(wire, scope["client"][0] if scope.get("client") else "unknown"):
            await Connection(self, wire).serve()


class Connection:
    """One socket: the products of each channel, in the order of their subscription."""

    def __init__(self, sockets: CoinbaseSockets, wire: Wire) -> None:
        self.products, self.sessions, self.terms = sockets.products, sockets.sessions, sockets.sessions.terms
        self.session = Session("coinbase", wire, self.terms)
        self.subscribed: dict[str, dict[str, None]] = {}
        self.began = False

    async def serve(self) -> None:
        """Until it ends: also by itself if nothing is subscribed to in time."""
        limits = self.terms.limits
        try:
            await self.session.wire.accept(limits.ping_seconds, limits.pong_seconds, lambda: None)
            impatience = asyncio.ensure_future(self._impatient(limits.subscribe_seconds))
            try:
                await self.sessions.serve(self.session, self._hear)
            finally:
                impatience.cancel()
        except Gone:
            pass

    async def _impatient(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not self.began:
            await self.session.wire.close(POLICY, "no subscription within five seconds")

    async def _hear(self, message: str | bytes) -> None:
        try:
            command = _command(message)
            asked = self._asked(command)
            fresh = self._change(asked, remove=command["type"] == "unsubscribe")
        except BadSubscription as bad:
            told = {"type": "error", "message": bad.failed, "reason": str(bad)}
            await self.session.wire.say([json.dumps(told, separators=(",", ":"))])
            return
        await self.session.wire.say([written(self._subscriptions())])
        await self.session.say(fresh)

    def _asked(self, command: dict[str, Any]) -> dict[str, list[Traded]]:
        """Products by channel; those of the message are for channels that name none."""
        asked: dict[str, list[Traded]] = {}
        for entry in command.get("channels") or []:
            name = entry.get("name") if isinstance(entry, dict) else entry
            own = entry.get("product_ids") if isinstance(entry, dict) else None
            products = own or command.get("product_ids") or []
            if name not in CHANNELS:
                raise BadSubscription(f"{name} is not a valid channel")
            if not products and command["type"] == "unsubscribe":
                products = list(self.subscribed.get(name, {}))
            asked[name] = [self._known(product) for product in products]
        if not any(asked.values()):
            raise BadSubscription("No channels or product ids were provided")
        return asked

    def _known(self, product: object) -> Traded:
        traded = self.products.find(product) if isinstance(product, str) else None
        if traded is None:
            raise BadSubscription(f"{product} is not a valid product")
        if traded.product.delisted:
            raise BadSubscription(f"{product} is delisted")
        return traded

    def _change(self, asked: dict[str, list[Traded]], *, remove: bool) -> list[str]:
        """Take the subscriptions; returns the first messages of those that are new."""
        fresh = []
        self.began = True
        for name, products in asked.items():
            present = self.subscribed.setdefault(name, {})
            for traded in products:
                product = traded.product.id
                if remove:
                    present.pop(product, None)
                    self.session.pump.remove(f"{name}/{product}")
                elif product not in present:
                    present[product] = None
                    fresh += self._start(name, traded)
            if not present:
                del self.subscribed[name]
        return fresh

    def _start(self, name: str, traded: Traded) -> list[str]:
        """Begin a channel after now; trades begin with the last one there was."""
        now_us = self.terms.now_us()
        self.session.pump.add(self._channel(name, traded), now_us)
        newest = traded.tape.newest(now_us)
        if newest < 1 or name == "heartbeat":
            return []
        last = Tickers(traded).message(newest) if name == "ticker" else traded.match(newest, "last_match")
        return [written(last)]

    def _channel(self, name: str, traded: Traded) -> Channel:
        label = f"{name}/{traded.product.id}"
        if name == "heartbeat":
            return Heartbeat(label, traded, self.terms.paces["heartbeat"])
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
