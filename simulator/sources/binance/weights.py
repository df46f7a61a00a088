"""Binance's limit: the weight of a clock minute, reported in headers, and bans for ignoring it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.quotas import MINUTE

MAX_REFUSALS: Final = 10  # in a row, before a ban
FIRST_BAN_SECONDS: Final = 120.0
LONGEST_BAN_SECONDS: Final = 259_200.0


@dataclass(frozen=True, slots=True)
class Ban:
    """Shut out until ``until`` (seconds since 1970), ``wait`` seconds from now."""

    until: float
    wait: float


class WeightLimit:
    """``limit`` of weight in a minute of the clock, and a ban for a client that ignores refusals.

    The first ban lasts two minutes, each one after it twice as long, up to three days.
    """

    def __init__(self, clock: Callable[[], float], limit: int | None) -> None:
        self.clock = clock
        self.limit = limit
        self.minutes: dict[str, tuple[int, int]] = {}
        self.refusals: Counter[str] = Counter()
        self.bans: dict[str, Ban] = {}
        self.ban_counts: Counter[str] = Counter()

    def used(self, client: str) -> int:
        """The client's weight in this minute."""
        minute, weight = self.minutes.get(client, (0, 0))
        return weight if minute == int(self.clock() // MINUTE) else 0

    def add(self, client: str, weight: int) -> float | Ban | None:
        """None if the request is within the limit, else the seconds to wait, or the ban."""
        now = self.clock()
        ban = self.bans.get(client)
        if ban and now < ban.until:
            return Ban(ban.until, ban.until - now)
        self.minutes[client] = (int(now // MINUTE), self.used(client) + weight)
        if self.limit is None or self.used(client) <= self.limit:
            self.refusals[client] = 0
            return None
        self.refusals[client] += 1
        if self.refusals[client] <= MAX_REFUSALS:
            return MINUTE - now % MINUTE
        length = min(LONGEST_BAN_SECONDS, FIRST_BAN_SECONDS * 2 ** self.ban_counts[client])
        self.ban_counts[client] += 1
        self.refusals[client] = 0
        self.bans[client] = Ban(now + length, length)
        return self.bans[client]


class WeightHeaders:
    """Adds to every answer, also to a refusal, what weight the caller has used this minute."""

    def __init__(self, app: ASGIApp, weights: WeightLimit) -> None:
        self.app = app
        self.weights = weights

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope["client"][0] if scope.get("client") else "unknown"

        async def send_with_weight(message: Message) -> None:
            if message["type"] == "http.response.start":
                used = str(self.weights.used(client))
                headers = MutableHeaders(scope=message)
                headers["x-mbx-used-weight"] = headers["x-mbx-used-weight-1m"] = used
            await send(message)

        await self.app(scope, receive, send_with_weight)
