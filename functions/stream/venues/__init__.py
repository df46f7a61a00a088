"""The exchanges: how each is subscribed to and how its frames are read. One file each."""

from collections.abc import Collection, Sequence
from typing import ClassVar, Protocol

from stream.frames import Message
from stream.ids import Range


class Venue(Protocol):
    """One exchange's protocol; pure: no socket, no clock.

    ``shard_streams`` is how many streams one connection carries, ``lifetime_seconds`` when it is
    replaced, ``page`` the most trades of one REST answer, ``page_cost`` what it takes of the
    source's requests per minute.
    """

    source: ClassVar[str]
    shard_streams: ClassVar[int]
    message_streams: ClassVar[int]
    messages_per_second: ClassVar[float]
    lifetime_seconds: ClassVar[float]
    page: ClassVar[int]
    page_cost: ClassVar[int]

    def address(self, url: str, streams: Sequence[str]) -> str:
        """Where to connect for these streams."""
        ...

    def subscription(self, number: int, streams: Sequence[str]) -> str:
        """The message that asks for the streams."""
        ...

    def read(self, text: str | bytes) -> Message:
        """What a message is; ``BadFrame`` for what cannot be told."""
        ...

    def market(self, stream: str) -> str | None:
        """The market whose trades a stream brings; None for a stream of anything else."""
        ...

    def trades_path(self, market: str, wanted: Range) -> str:
        """Path and query of the REST request for exactly the trades from one id to another."""
        ...

    def shorter(self, wanted: Range, count: int) -> Range:
        """The range whose request asks from the same end as ``wanted``, for ``count`` trades only."""
        ...

    def market_of_path(self, path: str) -> str:
        """The market of an address that ends in ``trades_path``."""
        ...

    def sides(self, market: str, known: Collection[str]) -> str:
        """The market as ``BASE-QUOTE``; ``known`` are the venue's ids of the configured assets."""
        ...

    def trade_id(self, trade: object) -> int:
        """The id of one trade of such an answer; ``KeyError`` or ``TypeError`` where it has none."""
        ...
