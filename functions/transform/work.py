"""One message: each raw object that it names is read, parsed and committed to the lake."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.errors import BadEvent, BadKey, NotFound, TooLarge
from coinlake.keys import RawKey
from coinlake.observability import logger
from coinlake.records import LedgerEntry, Rejection, printable
from coinlake.s3_events import ObjectRef, created_objects
from coinlake.stores import ObjectStore
from transform.commit import Lake
from transform.parsed import Parsed
from transform.reading import SymbolOf, read
from transform.settings import Settings
from transform.writer import ParquetWriter

_SYMBOLS: Final = 8192  # remembered, so that a page of coins does not search the asset map for each


@dataclass(slots=True)
class Tally:
    """What became of some messages, for the metrics."""

    rows_trusted: int = 0
    rows_quarantined: int = 0
    ignored: int = 0

    def add(self, other: "Tally") -> None:
        self.rows_trusted += other.rows_trusted
        self.rows_quarantined += other.rows_quarantined
        self.ignored += other.ignored


@dataclass(frozen=True, slots=True)
class Transform:
    """The stage, wired: raw objects of up to ``max_bytes`` into the lake."""

    raw: ObjectStore
    lake: Lake
    symbol_of: SymbolOf
    max_bytes: int

    @classmethod
    def wired(cls, settings: Settings) -> Self:
        s3 = client("s3")
        config = LakeConfig.load(ObjectStore(s3, settings.config_bucket), settings.config_key)
        lake = ObjectStore(s3, settings.lake_bucket)
        return cls(
            raw=ObjectStore(s3, settings.raw_bucket),
            lake=Lake(lake, ParquetWriter(s3, lake.bucket), settings.code_version),
            symbol_of=lru_cache(_SYMBOLS)(config.symbol),
            max_bytes=settings.max_raw_bytes,
        )

    def message(self, body: str) -> Tally:
        """Do what a queue message asks. Raises only where AWS fails, so that it comes again."""
        tally = Tally()
        try:
            refs = created_objects(body)
        except BadEvent as error:
            return _ignored(error.code)
        for ref in refs:
            tally.add(self._object(ref))
        return tally

    def _object(self, ref: ObjectRef) -> Tally:
        if ref.bucket != self.raw.bucket:
            return _ignored("unexpected_bucket", ref.bucket)
        try:
            key = RawKey.parse(ref.key)
        except BadKey as error:
            return _ignored(error.code, ref.key)
        mark = self.lake.mark(key)
        if self.lake.is_done(mark, ref.etag):
            return Tally()
        try:
            etag, parsed = self._read(ref, key)
        except NotFound:
            return self._missing(key, seen_before=mark is not None)
        if self.lake.is_done(mark, etag):
            return Tally()
        entry = self.lake.commit(key, etag, parsed, again=mark is not None)
        _log(entry)
        return Tally(entry.rows_trusted, entry.rows_quarantined)

    def _read(self, ref: ObjectRef, key: RawKey) -> tuple[str, Parsed]:
        """The object's etag and rows. One that is empty or too large is not fetched."""
        etag = ref.etag or ""
        if ref.size == 0:
            return etag, Parsed.unreadable(Rejection.of("empty_object"))
        too_large = Parsed.unreadable(Rejection.of("too_large", value=ref.size))
        if ref.size is not None and ref.size > self.max_bytes:
            return etag, too_large
        try:
            stored = self.raw.get(ref.key, self.max_bytes)
        except TooLarge:
            return etag, too_large
        return stored.etag, read(stored, key, self.symbol_of, self.max_bytes)

    def _missing(self, key: RawKey, *, seen_before: bool) -> Tally:
        """An object deleted after it was transformed keeps its rows and its ledger entry."""
        logger.warning("raw object missing", raw_key=str(key))
        if not seen_before:
            self.lake.commit_missing(key)
        return Tally()


def _ignored(code: str, name: str | None = None) -> Tally:
    """A message that no retry can help is acknowledged; ``name`` is the bucket or key at fault."""
    logger.warning("message ignored", code=code, object_name=name and printable(name))
    return Tally(ignored=1)


def _log(entry: LedgerEntry) -> None:
    log = logger.warning if entry.notes else logger.info
    log(
        "object transformed",
        raw_key=entry.raw_key,
        rows_trusted=entry.rows_trusted,
        rows_quarantined=entry.rows_quarantined,
        reasons=entry.reasons,
        notes=list(entry.notes),
    )
