"""What the sources with keys and quotas ask of their callers, and how they are counted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Terms:
    """No key set: any key is taken for valid. No limit or credits: None."""

    binance_weight: int | None = 6_000
    coincap_key: str | None = None
    coincap_credits: int | None = 4_000
    coindesk_key: str | None = None
    sentiment_per_minute: int | None = 60


def accepted(given: str, expected: str | None) -> bool:
    """Whether a key was given and is the right one."""
    return bool(given) and expected in {None, given}


def bearer(request: Request, scheme: str) -> str:
    """The key of an ``Authorization`` header of that scheme; empty if there is none."""
    name, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if name.lower() == scheme.lower() else ""


def client_of(request: Request) -> str:
    """Whom a limit by address counts."""
    return request.client.host if request.client else "unknown"


class Credits:
    """A month's credits by key; they begin anew with the month (UTC)."""

    def __init__(self, clock: Callable[[], float], monthly: int | None) -> None:
        self.clock = clock
        self.monthly = monthly
        self.spent: Counter[tuple[str, str]] = Counter()

    def left(self, key: str) -> float:
        """What is left; infinity without a limit."""
        return float("inf") if self.monthly is None else self.monthly - self.spent[key, self._month()]

    def spend(self, key: str, cost: int) -> None:
        """Take what an answer cost, even if it is more than was left."""
        self.spent[key, self._month()] += cost

    def _month(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m")
