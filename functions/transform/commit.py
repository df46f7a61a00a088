"""Writing one raw object's outcome to the lake, its ledger entry last.

The keys come from the raw key and the bytes from the raw object, so a run that died half way
is repaired by running again. The ledger object's metadata holds the raw etag and the code
version: one HEAD shows whether there is anything to do.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from coinlake.errors import NotFound
from coinlake.keys import RawKey
from coinlake.records import LedgerEntry, quarantine_lines
from coinlake.stores import ObjectStore
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

    def mark(self, key: RawKey) -> Mapping[str, str] | None:
        """The metadata of a raw object's ledger entry; None where there is no entry."""
        try:
            return self.store.head(str(key.ledger())).metadata
        except NotFound:
            return None

    def is_done(self, mark: Mapping[str, str] | None, etag: str | None) -> bool:
        """Whether this code has committed this very raw object before."""
        if mark is None or self.redo:
            return False
        return mark.get(_ETAG) == etag and mark.get(_VERSION) == self.version

    def commit(self, key: RawKey, etag: str, parsed: ParsedObject, *, again: bool) -> LedgerEntry:
        """Write everything; ``again`` where there is an older ledger entry, whose outputs may be stale."""
        entry = self._entry(key, etag, parsed)
        self._write(key, parsed)
        stale = self._stale(key, entry.outputs) if again else []
        if stale:
            self._delete(key, entry, stale)
        self._put(key, entry, self.version)
        return entry

    def _write(self, key: RawKey, parsed: ParsedObject) -> None:
        """Quarantine first: whoever hears of a trusted file knows then whether the object has more rows."""
        if parsed.rejections:
            body = quarantine_lines(str(key), parsed.rejections)
            self.store.put(str(key.quarantine()), body, content_type="application/x-ndjson")
        for part in parsed.slices:
            self.writer.write(str(key.trusted(part.table, part.partition)), part.table, part.rows)

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

    def _stale(self, key: RawKey, outputs: Iterable[str]) -> list[str]:
        """What the older entry lists, or was about to delete, and this one does not."""
        older = LedgerEntry.from_json(self.store.get(str(key.ledger()), _MAX_LEDGER_BYTES).body)
        listed_as_stale = (note.removeprefix(_STALE) for note in older.notes if note.startswith(_STALE))
        return sorted({*older.outputs, *listed_as_stale} - set(outputs))

    def _delete(self, key: RawKey, entry: LedgerEntry, stale: Iterable[str]) -> None:
        """Delete only after an entry that does not list the keys, but remembers them.

        That entry has no version, so it commits nothing: if we die here, the next run goes on.
        """
        notes = (*entry.notes, *(f"{_STALE}{output}" for output in stale))
        self._put(key, replace(entry, notes=notes), "unfinished")
        for output in stale:
            self.store.delete(output)

    def _put(self, key: RawKey, entry: LedgerEntry, version: str) -> None:
        metadata = {_ETAG: entry.raw_etag or "unknown", _VERSION: version}
        self.store.put(str(key.ledger()), entry.to_json(), metadata=metadata)
