"""The exchanges: how each is subscribed to, how its frames are read, how REST is asked for missed trades.

One file each, of the source's name, with the venue as ``VENUE``. Every source of sources.json with a
``websocket`` entry has one; nothing else lists them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import ClassVar, Protocol, cast

from coinlake import sources
from coinlake.sources import Websocket
from stream.frames import Message, Price
from stream.venues.rest_trades import Hole, RestTrades, TradesPage


class Venue(Protocol):
    """One exchange's protocol; pure: no socket, no clock.

    A stream is named ``<market>@<kind>``, as the source's ``websocket`` in sources.json says. No other
    venue has a stream of that name, for it is the key of the table of latest prices, and it has no
    slash, for it is a level of refined's keys.

    ``shard_streams`` is how many streams one connection carries, ``lifetime_seconds`` when it is
    replaced, ``max_attempts`` how many connections may be tried in five minutes. ``max_trades`` is the
    most trades of one REST answer, ``trades_weight`` what it takes of the source's requests per minute.
    """

    @property
    def source(self) -> str: ...

    shard_streams: ClassVar[int]
    messages_per_second: ClassVar[float]
    lifetime_seconds: ClassVar[float]
    max_attempts: ClassVar[int]
    max_trades: ClassVar[int]
    trades_weight: ClassVar[int]

    def address(self, url: str, streams: Sequence[str]) -> str:
        """Where to connect for these streams."""
        ...

    def batches(self, streams: Sequence[str]) -> list[Sequence[str]]:
        """The streams, parted into what one subscription message asks for."""
        ...

    def subscription(self, number: int, streams: Sequence[str]) -> str:
        """The message that asks for one batch of streams."""
        ...

    def read(self, text: bytes) -> Message:
        """What a message is; ``BadFrame`` for one that cannot be read."""
        ...

    def price(self, text: bytes, received_at: int) -> Price:
        """The price that a frame of data shows; an error of ``frames.NO_PRICE`` where it shows none."""
        ...

    def trade_market(self, stream: str) -> str | None:
        """The market whose trades a stream brings; None for a stream of anything else."""
        ...

    async def fetch_trades(self, hole: Hole, rest: RestTrades) -> TradesPage:
        """REST's answer for the missing trades, with no others where that can be asked for."""
        ...

    def read_trades(self, body: bytes) -> tuple[list[int], str]:
        """The ids of such an answer, in its order, and the cursor after its last trade.

        The cursor is "" where REST is asked by id. ``ValueError``, ``LookupError`` or ``TypeError`` where
        it is no list of trades; ``SourceUnavailable`` where it is an error that a retry may heal.
        """
        ...

    def market_of_url(self, url: str) -> str:
        """The market of a URL that was asked for trades."""
        ...

    def pair(self, market: str, bases: Collection[str]) -> str:
        """The market as ``BASE-QUOTE``; ``bases`` are the venue's ids of the configured assets."""
        ...


@cache
def venue(source: str) -> Venue:
    """The venue of a source that has a websocket, or of a sibling of one."""
    module = import_module(f"stream.venues.{sources.protocol(source)}")
    return cast(Venue, replace(module.VENUE, source=source) if source in sources.siblings() else module.VENUE)


@cache
def websockets() -> Mapping[str, Websocket]:
    """The websocket of every source that has one, by the source's name."""
    return {name: source.websocket for name, source in sources.catalog().items() if source.websocket}


def slices(streams: Sequence[str], size: int) -> list[Sequence[str]]:
    """At most ``size`` streams each."""
    return [streams[first : first + size] for first in range(0, len(streams), size)]
