"""The venues' websockets beside the REST routes, and ``/_streams`` to order trouble from them."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.answers import Answer
from simulator.binance_socket import BinanceSockets
from simulator.binance_streams import Assets
from simulator.coinbase_socket import CoinbaseSockets
from simulator.coinbase_trades import TradedProducts
from simulator.control import document
from simulator.market import Market
from simulator.sessions import Sessions
from simulator.stream_terms import StreamTerms, checked
from simulator.wire import Wire

BINANCE: Final = "binance-ws"
COINBASE: Final = "coinbase-ws"


class Streams:
    """Everything live of one market: tapes, sockets, terms."""

    def __init__(self, market: Market) -> None:
        self.terms = StreamTerms(market)
        self.sessions = Sessions(self.terms)
        self.assets = Assets(market, self.terms)
        self.products = TradedProducts(market, self.terms)

    def route(self) -> Route:
        """The control path."""
        return Route("/_streams", self.control, methods=["GET", "PUT", "DELETE"])

    async def control(self, request: Request) -> Response:
        """PUT changes terms and gives orders, DELETE restores the defaults, each tells what holds now."""
        if request.method == "PUT":
            terms, orders = checked(await document(request))
            self.terms.change(terms)
            for order in orders:
                self.sessions.order(order)
        elif request.method == "DELETE":
            self.terms.reset()
        return Answer({**self.terms.described(), "connections": self.sessions.described()})

    def beside(self, app: ASGIApp) -> ASGIApp:
        """``app`` for requests; sockets pass it by, because they need the server's own connection."""
        sockets: dict[str, ASGIApp] = {
            BINANCE: BinanceSockets(self.assets, self.sessions),
            COINBASE: CoinbaseSockets(self.products, self.sessions),
        }

        async def either(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "websocket":
                return await app(scope, receive, send)
            mount, _, path = scope["path"].removeprefix("/").partition("/")
            if mount not in sockets:
                return await Wire(receive, send).refuse(404, "Not Found")
            return await sockets[mount]({**scope, "path": f"/{path}"}, receive, send)

        return either
