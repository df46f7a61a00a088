"""Writing one raw object's outcome to the lake, its ledger entry last.

The keys come from the raw key and the bytes from the raw object, so a run that died half way
is repaired by running again. The ledger object's metadata holds the raw etag and the code
version. Nearly every object is new, so nobody asks first whether it was done: the entry is put where
none is, and only a 412 has the older one read. A repeated object is transformed again, into the same bytes.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from coinlake.errors import NotFound, PreconditionFailed
from coinlake.keys import RawKey
from coinlake.records import LedgerEntry, quarantine_lines
from coinlake.stores import ObjectStore, StoredObject
from transform.model import ParsedObject
from transform.writer import ParquetWriter

_ETAG: Final = "raw-etag"
_VERSION: Final = "version"
_STALE: Final = "stale:"
_MAX_LEDGER_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Committer:
    """Writes outcomes to the lake's bucket, under ``version`` of transform's code and configuration.

    To one that shall ``redo`` what was done before, nothing is done.
    """

    store: ObjectStore
    writer: ParquetWriter
    version: str
    redo: bool = False

    def has_entry(self, key: RawKey) -> bool:
        """Whether a raw object was ever committed, by any version."""
        try:
            self.store.head(str(key.ledger()))
        except NotFound:
            return False
        return True

    def is_done(self, key: RawKey, etag: str) -> bool:
        """Whether this code has committed this very object, by one HEAD of its entry."""
        try:
            return self._is_same(self.store.head(str(key.ledger())), etag)
        except NotFound:
            return False

    def commit(self, key: RawKey, etag: str, parsed: ParsedObject) -> LedgerEntry | None:
        """Write everything. None if this code had committed this very object before."""
        entry = self._entry(key, etag, parsed)
        self._write(key, parsed)
        try:
            self._put(key, entry, self.version, IfNoneMatch="*")
        except PreconditionFailed:
            older = self.store.get(str(key.ledger()), _MAX_LEDGER_BYTES)
            if self._is_same(older, etag):
                return None
            self._replace(key, entry, older)
        return entry

    def _is_same(self, entry: StoredObject, etag: str) -> bool:
        same = entry.metadata.get(_ETAG) == etag and entry.metadata.get(_VERSION) == self.version
        return same and not self.redo

    def _write(self, key: RawKey, parsed: ParsedObject) -> None:
        """Quarantine first: whoever hears of a trusted file knows then whether the object has more rows."""
        if parsed.rejections:
            body = quarantine_lines(str(key), parsed.rejections)
            self.store.put(str(key.quarantine()), body, content_type="application/x-ndjson")
        for part in parsed.slices:
            self.writer.write(str(key.trusted(part.table, part.partition)), part)

    def _entry(self, key: RawKey, etag: str, parsed: ParsedObject) -> LedgerEntry:
        outputs = [str(key.trusted(part.table, part.partition)) for part in parsed.slices]
        if parsed.rejections:
            outputs.append(str(key.quarantine()))
        return LedgerEntry(
            raw_key=str(key),
            raw_etag=etag,
            version=self.version,
            rows_in=parsed.rows_in,
            rows_trusted=parsed.rows_trusted,
            rows_quarantined=len(parsed.rejections),
            outputs=tuple(sorted(outputs)),
            reasons=dict(Counter(rejection.code for rejection in parsed.rejections)),
            rounded=parsed.rounded,
            notes=parsed.notes,
            rejected=parsed.rejected,
        )

    def _replace(self, key: RawKey, entry: LedgerEntry, older: StoredObject) -> None:
        """Put ``entry`` in the older one's place, and delete what that one lists, or was about to delete.

        Delete only after an entry that does not list the keys, but remembers them. That entry has no
        version, so it commits nothing: if we die here, the next run goes on.
        """
        listed = LedgerEntry.from_json(older.body)
        remembered = (note.removeprefix(_STALE) for note in listed.notes if note.startswith(_STALE))
        stale = sorted({*listed.outputs, *remembered} - set(entry.outputs))
        if stale:
            notes = (*entry.notes, *(f"{_STALE}{output}" for output in stale))
            self._put(key, replace(entry, notes=notes), "unfinished")
            for output in stale:
                self.store.delete(output)
        self._put(key, entry, self.version)

    def _put(self, key: RawKey, entry: LedgerEntry, version: str, **conditions: str) -> None:
        metadata = {_ETAG: entry.raw_etag or "unknown", _VERSION: version}
        self.store.put(str(key.ledger()), entry.to_json(), metadata=metadata, **conditions)
