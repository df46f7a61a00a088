"""A plan and the windows it is made of, as ingest and the state machine know them."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from coinlake import intervals
from coinlake.config import LakeConfig
from coinlake.windows import Window
from ingest.sources import Request, registry

FILE_CALLS: Final = 2  # a file and its checksum


@dataclass(frozen=True, slots=True)
class Piece:
    """One window: an asset's ``count`` buckets before ``end``, or the file of a ``period``."""

    source: str
    dataset: str
    asset: str
    quote: str
    interval: str
    end: datetime
    count: int
    period: str | None = None

    @property
    def start(self) -> datetime:
        return self.end - self.count * intervals.duration(self.interval)

    @property
    def calls(self) -> int:
        return FILE_CALLS if self.period else 1

    def event(self, *, refresh: bool) -> dict[str, Any]:
        """What ingest is sent."""
        named = {name: getattr(self, name) for name in ("source", "dataset", "asset", "quote", "interval")}
        when = {"period": self.period} if self.period else {"end": iso(self.end), "count": self.count}
        return {"window": {**named, **when, "refresh": refresh}}

    def request(self, config: LakeConfig) -> Request:
        """The request that ingest will make of it."""
        source = registry.load(self.source)
        asset_id = config.assets[self.asset][source.facts().owner]
        window = Window.from_event(self.event(refresh=False)["window"])
        return source.windows[self.dataset](window, asset_id)


@dataclass(frozen=True)
class Plan:
    """The windows, newest first; ``notes`` tell a user what was decided for them."""

    pieces: tuple[Piece, ...]
    refresh: bool = False
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def body(self) -> bytes:
        """The plan object, as the state machine reads it."""
        events = [piece.event(refresh=self.refresh) for piece in self.pieces]
        return json.dumps(events, separators=(",", ":")).encode()

    @property
    def id(self) -> str:
        """The same for the same windows, so that a command given again finds its own run."""
        return hashlib.sha256(self.body).hexdigest()[:16]


def iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
