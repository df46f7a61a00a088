"""The stage: each raw object that a queue message names is read, parsed and committed to the lake."""

from dataclasses import dataclass
from typing import Any

from coinlake import batches
from coinlake.errors import BadEvent, BadKey, NotFound, TooLarge
from coinlake.keys import RawKey
from coinlake.observability import MetricUnit, add_if_any, logger, metrics
from coinlake.records import LedgerEntry, Rejection, printable
from coinlake.s3_events import ObjectRef, created_objects
from coinlake.stores import ObjectStore
from transform import pipeline
from transform.commit import Committer
from transform.model import UNANSWERED, AssetMap, ParsedObject


@dataclass(slots=True)
class Counts:
    """What became of some messages; ``done`` were objects that this code had committed before."""

    rows_in: int = 0
    rows_trusted: int = 0
    rows_quarantined: int = 0
    done: int = 0
    ignored: int = 0
    unanswered: int = 0
    missing: int = 0

    def add(self, other: "Counts") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Transform:
    """Raw objects of up to ``max_bytes``, packed and unpacked, into the lake."""

    raw: ObjectStore
    committer: Committer
    assets: AssetMap
    max_bytes: int

    def handle(self, event: dict[str, Any]) -> dict[str, Any]:
        """Process a batch of SQS records; the response names the messages that must come again.

        Raises ``BatchFailed`` if that is each of them.
        """
        counts = Counts()
        try:
            return batches.process(event["Records"], lambda body: counts.add(self.process(body)))
        finally:
            metrics.add_metric("RowsTrusted", MetricUnit.Count, counts.rows_trusted)
            add_if_any("RowsQuarantined", counts.rows_quarantined)
            add_if_any("MessagesIgnored", counts.ignored)
            add_if_any("AssetsMissing", counts.unanswered)
            add_if_any("ObjectsMissing", counts.missing)

    def process(self, body: str) -> Counts:
        """Transform what one message names. Raises only where AWS fails, so that the message comes again."""
        counts = Counts()
        try:
            created = created_objects(body)
        except BadEvent as error:
            return _ignored(error.code)
        for fault in created.faults:
            counts.add(_ignored(fault.code))
        for ref in created.objects:
            counts.add(self._transform(ref))
        return counts

    def _transform(self, ref: ObjectRef) -> Counts:
        if ref.bucket != self.raw.bucket:
            return _ignored("unexpected_bucket", ref.bucket)
        try:
            key = RawKey.parse(ref.key)
        except BadKey as error:
            return _ignored(error.code, ref.key)
        try:
            etag, parsed = self._parse(ref, key)
        except NotFound:
            # One that was transformed keeps its rows and its ledger entry. Of one that was never read there
            # is none, so that reconcile sees it if it is restored (decision 20).
            logger.warning("raw object missing", raw_key=str(key))
            return Counts(missing=int(not self.committer.has_entry(key)))
        entry = self.committer.commit(key, etag, parsed)
        if entry is None:
            return Counts(done=1)
        _log(entry)
        unanswered = sum(note.startswith(UNANSWERED) for note in entry.notes)
        return Counts(entry.rows_in, entry.rows_trusted, entry.rows_quarantined, unanswered=unanswered)

    def _parse(self, ref: ObjectRef, key: RawKey) -> tuple[str, ParsedObject]:
        """The object's etag and rows. One that is empty or too large is not fetched."""
        etag = ref.etag or ""
        if ref.size == 0:
            return etag, ParsedObject.unreadable(Rejection.of("empty_object"))
        too_large = ParsedObject.unreadable(Rejection.of("too_large", value=ref.size))
        if ref.size is not None and ref.size > self.max_bytes:
            return etag, too_large
        try:
            stored = self.raw.get(ref.key, self.max_bytes)
        except TooLarge:
            return etag, too_large
        return stored.etag, pipeline.parse(stored, key, self.assets, self.max_bytes)


def _ignored(code: str, name: str | None = None) -> Counts:
    """A message that no retry can help is acknowledged; ``name`` is the bucket or key at fault."""
    logger.warning("message ignored", code=code, object_name=name and printable(name))
    return Counts(ignored=1)


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
