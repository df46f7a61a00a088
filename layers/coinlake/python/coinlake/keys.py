"""Where every object lives. Keys are built and parsed here and nowhere else.

raw        raw/source=S/dataset=D/dt=YYYY-MM-DD/<slot>.<ext>.gz
trusted    trusted/<table>/<partition>/<source>.<dataset>.<slot>.parquet
refined    refined/<table>/<partition>/part.parquet
quarantine quarantine/<source>/<dataset>/dt=YYYY-MM-DD/<slot>.jsonl
ledger     ledger/<source>/<dataset>/dt=YYYY-MM-DD/<slot>.json
gaps       gaps/interval=I/month=YYYY-MM/<source>.parquet
handoff    handoff/<warehouse>/<table>/<partition>/<number>.<etag>.parquet
           handoff/reports/<warehouse>/loads.csv
snappy     snappy/<table>/<partition without its day>/<day>.snappy.parquet

A slot names a request, never a moment of writing: its time (when it was due, or
the exclusive end of its window), then what was asked, then ``rN`` for a revision.
All keys of one raw object carry the same slot, so each is found from any other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Self, TypeVar

from coinlake.errors import BadKey

RAW: Final = "raw/"
TRUSTED: Final = "trusted/"
REFINED: Final = "refined/"
QUARANTINE: Final = "quarantine/"
LEDGER: Final = "ledger/"
GAPS: Final = "gaps/"
HANDOFF: Final = "handoff/"
SNAPPY: Final = "snappy/"

_Key = TypeVar("_Key")
_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PART = re.compile(r"[A-Za-z0-9_-]{1,60}")
_REVISION = re.compile(r"r([1-9][0-9]{0,5})")
_RESERVED = re.compile(r"r[0-9]+")
_DAY: Final = "dt"
_MONTH: Final = "month"
_LEVEL = re.compile(r"([^/=]+)=([^/=]+)")
_DATED = r"dt=(?P<dt>\d{4}-\d{2}-\d{2})/(?P<slot>[^/]+)"
_SOURCE = r"(?P<source>[^/=.]+)/(?P<dataset>[^/=.]+)/"
_RAW_FOLDER = r"raw/source=(?P<source>[^/]+)/dataset=(?P<dataset>[^/]+)/"
_RAW_PREFIX = re.compile(rf"{_RAW_FOLDER}dt=(?P<dt>\d{{4}}-\d{{2}}-\d{{2}})/")
_RAW_KEY = re.compile(rf"{_RAW_FOLDER}{_DATED}\.(?P<ext>[a-z]+)\.gz")
_QUARANTINE_KEY = re.compile(rf"quarantine/{_SOURCE}{_DATED}\.jsonl")
_LEDGER_KEY = re.compile(rf"ledger/{_SOURCE}{_DATED}\.json")
_GAPS_KEY = re.compile(r"gaps/(?P<partition>interval=[^/=]+/month=\d{4}-\d{2})/(?P<source>[^/.]+)\.parquet")
_REFINED_KEY = re.compile(
    r"refined/(?P<table>[^/]+)(?:/(?P<partition>[^/=]+=[^/]+(?:/[^/=]+=[^/]+)*))?/part\.parquet"
)
_SNAPPY_KEY = re.compile(
    r"snappy/(?P<table>[^/]+)/(?P<outer>[^/=]+=[^/]+(?:/[^/=]+=[^/]+)*)/(?P<dt>[^/.]+)\.snappy\.parquet"
)
_TRUSTED_KEY = re.compile(
    r"trusted/(?P<table>[^/]+)/(?P<partition>[^/=]+=[^/]+(?:/[^/=]+=[^/]+)*)"
    r"/(?P<source>[^/.]+)\.(?P<dataset>[^/.]+)\.(?P<slot>[^/]+)\.parquet"
)


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One request's name: ``20261121T070000Z.BTC-USD.1h.24`` and, revised, ``….r2``.

    ``time`` is aware UTC with whole seconds; ``parts`` say what was asked, in words
    of letters, digits, ``_`` and ``-``; ``revision`` 0 is the first answer.
    """

    time: datetime
    parts: tuple[str, ...] = ()
    revision: int = 0

    def __post_init__(self) -> None:
        if self.time.tzinfo is None or self.time.microsecond:
            raise ValueError(f"a slot's time is UTC in whole seconds, not {self.time!r}")
        for part in self.parts:
            if not _PART.fullmatch(part) or _RESERVED.fullmatch(part):
                raise ValueError(f"{part!r} cannot be a part of a slot")

    def __str__(self) -> str:
        last = (f"r{self.revision}",) if self.revision else ()
        return ".".join((self.time.astimezone(UTC).strftime(_TIME), *self.parts, *last))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise ``ValueError`` unless ``text`` is exactly what ``str`` of a slot gives."""
        first, *parts = text.split(".")
        revision = _REVISION.fullmatch(parts[-1]) if parts else None
        slot = cls(
            time=datetime.strptime(first, _TIME).replace(tzinfo=UTC),
            parts=tuple(parts[:-1] if revision else parts),
            revision=int(revision[1]) if revision else 0,
        )
        if str(slot) != text:
            raise ValueError(f"{text!r} is not a slot")
        return slot

    @property
    def dt(self) -> date:
        """The day whose folder the slot lies in."""
        return self.time.astimezone(UTC).date()


class Partition(str):
    """One partition of a table as its keys spell it: ``dt=2026-11-21``, ``interval=1h/month=2026-11``.

    The empty text stands for a table that has no partitions. It is a text, so it sorts, hashes and
    serializes as one; the constructors and ``parse`` are the only places that make or split it.
    """

    __slots__ = ()

    def __new__(cls, text: str = "") -> Self:
        if text and not all(_LEVEL.fullmatch(level) for level in text.split("/")):
            raise ValueError(f"{text[:80]!r} is not a partition; one looks like dt=2026-11-21")
        return super().__new__(cls, text)

    @classmethod
    def of(cls, levels: Mapping[str, object]) -> Self:
        """From names and values in the table's order: ``{"interval": "1h", "month": "2026-11"}``."""
        return cls("/".join(f"{name}={value}" for name, value in levels.items()))

    @classmethod
    def day(cls, day: date, **outer: object) -> Self:
        """``dt=2026-11-21``, within ``outer`` levels, as ``symbol="BTCUSDT"``."""
        return cls.of({**outer, _DAY: f"{day:%Y-%m-%d}"})

    @classmethod
    def month(cls, month: date | str, **outer: object) -> Self:
        """``month=2026-11`` of a day in it or of its text, within ``outer`` levels, as ``interval="1h"``."""
        return cls.of({**outer, _MONTH: month if isinstance(month, str) else f"{month:%Y-%m}"})

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise ``BadKey("unexpected_key")`` unless ``text`` is a partition or empty."""
        try:
            return cls(text)
        except ValueError:
            raise BadKey("unexpected_key", text) from None

    @property
    def levels(self) -> dict[str, str]:
        """Names to values, in order; ``levels["interval"]``."""
        return dict(level.split("=", 1) for level in self.split("/")) if self else {}

    def dates(self) -> tuple[date, date] | None:
        """The first and the last day that the partition holds; None where no level is a day or a month."""
        levels = self.levels
        try:
            if _DAY in levels:
                day = date.fromisoformat(levels[_DAY])
                return day, day
            if _MONTH in levels:
                first = date.fromisoformat(f"{levels[_MONTH]}-01")
                return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        except ValueError:
            raise BadKey("unexpected_key", str(self)) from None
        return None

    def prefix(self, location: str) -> str:
        """The folder in a table's ``location``: ``trusted/quotes/`` gives ``trusted/quotes/dt=…/``."""
        return f"{location}{self}/" if self else location


@dataclass(frozen=True, slots=True)
class RawKey:
    """An answer exactly as received, gzipped; written once, with ``If-None-Match: *``."""

    source: str
    dataset: str
    slot: Slot
    ext: str = "json"

    def __post_init__(self) -> None:
        for name in (self.source, self.dataset):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} cannot name a source or dataset")

    def __str__(self) -> str:
        return f"{raw_prefix(self.source, self.dataset, self.slot.dt)}{self.slot}.{self.ext}.gz"

    @classmethod
    def parse(cls, key: str) -> Self:
        """Raise ``BadKey("unexpected_key")`` for a key that is not in the layout."""
        match = _match(_RAW_KEY, key)
        return _checked(key, cls, **_origin(key, match), ext=match["ext"])

    def revised(self, revision: int) -> Self:
        """The key of a later answer to the same request."""
        return replace(self, slot=replace(self.slot, revision=revision))

    def trusted(self, table: str, partition: str) -> "TrustedKey":
        return TrustedKey(self.source, self.dataset, self.slot, table, Partition(partition))

    def quarantine(self) -> "QuarantineKey":
        return QuarantineKey(self.source, self.dataset, self.slot)

    def ledger(self) -> "LedgerKey":
        return LedgerKey(self.source, self.dataset, self.slot)


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """Typed rows of one raw object in one partition of one table."""

    source: str
    dataset: str
    slot: Slot
    table: str
    partition: Partition

    def __str__(self) -> str:
        return f"{TRUSTED}{self.table}/{self.partition}/{self.source}.{self.dataset}.{self.slot}.parquet"

    @classmethod
    def parse(cls, key: str) -> Self:
        match = _match(_TRUSTED_KEY, key)
        return _checked(
            key, cls, **_origin(key, match), table=match["table"], partition=Partition(match["partition"])
        )


@dataclass(frozen=True, slots=True)
class QuarantineKey:
    """The rejected rows of one raw object, as JSON lines of ``records.Rejection``."""

    source: str
    dataset: str
    slot: Slot

    def __str__(self) -> str:
        return f"{quarantine_prefix(self.source, self.dataset, self.slot.dt)}{self.slot}.jsonl"

    @classmethod
    def parse(cls, key: str) -> Self:
        return _checked(key, cls, **_origin(key, _match(_QUARANTINE_KEY, key)))


@dataclass(frozen=True, slots=True)
class LedgerKey:
    """The commit mark of one raw object, as the JSON of ``records.LedgerEntry``."""

    source: str
    dataset: str
    slot: Slot

    def __str__(self) -> str:
        return f"{ledger_prefix(self.source, self.dataset, self.slot.dt)}{self.slot}.json"

    @classmethod
    def parse(cls, key: str) -> Self:
        return _checked(key, cls, **_origin(key, _match(_LEDGER_KEY, key)))


@dataclass(frozen=True, slots=True)
class RefinedKey:
    """The one file of a refined partition; an empty partition for a table that has none."""

    table: str
    partition: Partition

    def __str__(self) -> str:
        return f"{self.partition.prefix(f'{REFINED}{self.table}/')}part.parquet"

    @classmethod
    def parse(cls, key: str) -> Self:
        match = _match(_REFINED_KEY, key)
        partition = Partition(match["partition"] or "")
        return _checked(key, cls, table=match["table"], partition=partition)


@dataclass(frozen=True, slots=True)
class SnappyKey:
    """The copy of one refined ``partition``, whose last level is a day, for readers of an older layout."""

    table: str
    partition: Partition

    def __str__(self) -> str:
        *outer, (level, day) = self.partition.levels.items()
        if level != _DAY:
            raise ValueError(f"{self.partition} does not end with a day")
        return f"{Partition.of(dict(outer)).prefix(f'{SNAPPY}{self.table}/')}{day}.snappy.parquet"

    @classmethod
    def parse(cls, key: str) -> Self:
        match = _match(_SNAPPY_KEY, key)
        partition = Partition(f"{match['outer']}/{_DAY}={match['dt']}")
        return _checked(key, cls, table=match["table"], partition=partition)


@dataclass(frozen=True, slots=True)
class GapsKey:
    """What became of a source's candle buckets of one month; audit replaces it as a whole."""

    source: str
    partition: Partition

    def __str__(self) -> str:
        return f"{self.partition.prefix(GAPS)}{self.source}.parquet"

    @classmethod
    def parse(cls, key: str) -> Self:
        match = _match(_GAPS_KEY, key)
        return _checked(key, cls, source=match["source"], partition=Partition(match["partition"]))


@dataclass(frozen=True, slots=True)
class HandoffKey:
    """An immutable copy of a refined part, which a warehouse fetches; of two the higher number is the newer.

    ``etag`` is the part's, or ``gone`` for a copy without rows that says that there is none.
    """

    warehouse: str
    table: str
    partition: Partition
    number: int
    etag: str

    def __str__(self) -> str:
        folder = self.partition.prefix(f"{HANDOFF}{self.warehouse}/{self.table}/")
        return f"{folder}{self.number:013d}.{self.etag}.parquet"


def handoff_report(warehouse: str) -> str:
    """Where a warehouse that fetches copies by itself says what it holds."""
    return f"{HANDOFF}reports/{warehouse}/loads.csv"


def raw_prefix(source: str, dataset: str, dt: date) -> str:
    return f"{RAW}source={source}/dataset={dataset}/dt={dt}/"


def parse_raw_prefix(prefix: str) -> tuple[str, str, date]:
    """Source, dataset and day of what ``raw_prefix`` gives; ``BadKey("unexpected_key")`` for another."""
    match = _match(_RAW_PREFIX, prefix)
    try:
        return match["source"], match["dataset"], date.fromisoformat(match["dt"])
    except ValueError:
        raise BadKey("unexpected_key", prefix) from None


def quarantine_prefix(source: str, dataset: str, dt: date) -> str:
    return f"{QUARANTINE}{source}/{dataset}/dt={dt}/"


def quarantined_since(source: str, dataset: str, moment: datetime) -> tuple[str, str]:
    """For one listing: the prefix of all days, and what the keys of slots from ``moment`` on sort after."""
    slot = Slot(moment.replace(microsecond=0))
    return f"{QUARANTINE}{source}/{dataset}/", f"{quarantine_prefix(source, dataset, slot.dt)}{slot}"


def ledger_prefix(source: str, dataset: str, dt: date) -> str:
    return f"{LEDGER}{source}/{dataset}/dt={dt}/"


def _match(pattern: re.Pattern[str], key: str) -> re.Match[str]:
    match = pattern.fullmatch(key)
    if not match:
        raise BadKey("unexpected_key", key)
    return match


def _origin(key: str, match: re.Match[str]) -> dict[str, Any]:
    try:
        slot = Slot.parse(match["slot"])
    except ValueError:
        raise BadKey("unexpected_key", key) from None
    return {"source": match["source"], "dataset": match["dataset"], "slot": slot}


def _checked(key: str, cls: type[_Key], **fields: Any) -> _Key:
    """Build the key and insist that it spells ``key``, so that parsing never guesses."""
    try:
        parsed = cls(**fields)
    except ValueError:
        raise BadKey("unexpected_key", key) from None
    if str(parsed) != key:
        raise BadKey("unexpected_key", key)
    return parsed
