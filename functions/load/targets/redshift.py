"""Amazon Redshift by its Data API: no driver, no network of its own; serverless or a cluster.

A part reaches it as a copy in S3 (``load.handoff``) that its COPY reads. The copy's number is claimed before
the part is read, and the load's transaction fails where a higher number was loaded: whoever commits last has
read last, so an older part never replaces a newer one.
"""

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import BadConfiguration, CoinlakeError, StoreUnavailable
from coinlake.keys import Partition
from coinlake.retries import REDSHIFT_POLL, REDSHIFT_TRANSACTION
from coinlake.stores import error_code
from load.ddl import DISCOUNTS, LEDGER, SPREADS, SinkTable, migrations
from load.dialects import redshift as sql
from load.handoff import Handoff
from load.hashing import declaration_hash, row_hash
from load.planning import Loaded, TablePartition
from load.targets import Mismatch, Part, Read

T = TypeVar("T")
MAX_STATEMENTS: Final = 40  # of a batch. Source: Amazon Redshift Management Guide, "Using the Data API"
MAX_WAIT_SECONDS: Final = 600.0
PROBE: Final = TablePartition("probe", Partition(""))

# What a user can do about what the Data API or a statement says; the first that matches.
_REMEDIES: Final = {
    r"endpoint doesn't exist": "there is no such workgroup or cluster in this region: correct its name",
    r"paus": "the cluster is paused: resume it; the next run goes on",
    r"not available|unavailable|resuming|resizing": "it is not available now: the next run goes on",
    r"usage limit|query limit": "its usage limit is reached: raise it, or wait for the next period",
    r"database .* does not exist": "there is no such database: create it, or correct its name in load",
    r"permission denied|must be owner": "the function's user lacks a right: run the SQL of docs/load.md as "
    "the administrator",
    r"assume|not associated|iam role": "it may not use COPY's role: attach the role that docs/load.md names "
    "to the cluster or the namespace",
    r"access ?denied|403|forbidden": "COPY's role may not read the copy: attach the role that docs/load.md "
    "names, or change a policy that forbids it",
    r"disk full|no space left": "the disk is full: enlarge it",
    r"longer than the length defined|value too long": "a text is longer than its column: report it, with "
    "the table's name",
    r"incompatible parquet|spectrum scan error": "COPY cannot read the copy: run `coinlake load --probe`",
}
_LATER: Final = re.compile(r"(?i)paus|unavailable|not available|resuming|resizing|limit|disk full|no space")
_NOT_SERIALIZABLE: Final = re.compile(r"(?i)\b1023\b|serializ|deadlock|concurrent transaction")
_MADE_MEANWHILE: Final = re.compile(r'(?i)already exists|unique constraint "pg_')
_DIVIDED_BY_ZERO: Final = re.compile(r"(?i)divi\w+ by zero")
_DENIED: Final = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedException"})


class StatementFailed(CoinlakeError):
    """A statement of a batch failed and nothing of the batch stays; ``number`` is its place from 0."""

    def __init__(self, number: int | None, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.message = message


@dataclass(slots=True)
class Redshift:
    """A database of a workgroup or cluster; ``location`` names it as the Data API's requests do.

    ``known`` is the ledger as this run read it: by partition the number of its copy, and what it holds.
    """

    data_api: Any
    location: Mapping[str, str]
    handoff: Handoff
    copy_role_arn: str
    schema: str = "coinlake"
    name: str = "redshift"
    sleep: Callable[[float], None] = time.sleep
    known: dict[TablePartition, tuple[int, Loaded]] = field(default_factory=dict)

    def prepare(self, tables: Collection[SinkTable]) -> None:
        doing = "prepare the schema"
        try:
            self._anew(_MADE_MEANWHILE, lambda: self._make_missing(tables, doing))
        except StatementFailed as failed:
            raise to_error(failed.message, doing) from None

    def _make_missing(self, tables: Collection[SinkTable], doing: str) -> None:
        """``StatementFailed`` where another run, or a batch of a killed one, makes it at that moment."""
        schemas, relations, columns = self._query(
            [sql.schemas(self.schema), sql.relations(self.schema), sql.columns(self.schema)], doing
        )
        kinds = dict(relations)
        existing: dict[str, dict[str, str]] = {}
        for table, column, *kind in columns:
            existing.setdefault(table, {})[column] = sql.existing_type(*kind)
        statements = [] if schemas else [sql.create_schema(self.schema)]
        if LEDGER not in kinds:
            statements.append(sql.create_ledger(self.schema))
        for table in tables:
            if table.name not in kinds:
                statements += sql.create_table(self.schema, table)
                statements.append(sql.forget_table(self.schema, table.name))
            elif kinds[table.name] != "BASE TABLE":
                raise BadConfiguration(
                    f"{self.schema}.{table.name} is a view or another relation that load did not make: "
                    "rename it"
                )
            else:
                statements += migrations(self.schema, table, existing[table.name], sql.column_type)
        if SPREADS in {table.name for table in tables} and DISCOUNTS not in kinds:
            statements.append(sql.create_discounts(self.schema))
        for first in range(0, len(statements), MAX_STATEMENTS):
            self._run(statements[first : first + MAX_STATEMENTS], doing)

    def loaded(self) -> Mapping[TablePartition, Loaded]:
        (rows,) = self._query([sql.ledger(self.schema)], "read the ledger")
        self.known = dict(map(_entry, rows))
        return {place: loaded for place, (_, loaded) in self.known.items()}

    def forget(self, tables: Collection[str], partition: Partition | None) -> None:
        text = None if partition is None else str(partition)
        self._execute([sql.forget(self.schema, name, text) for name in tables], "forget what was loaded")

    def load(self, table: SinkTable, place: TablePartition, read: Read) -> Loaded | None:
        above, known = self.known.get(place, (0, None))
        version = self.handoff.claim(place, above)
        part = read(place)
        replacement = sql.Replacement(self.schema, table, place, version)
        if part is None:
            return None if self._commit(replacement.remove(), place) else self._newer(place)
        columns = declaration_hash(table.schema)
        if known and (known.etag, known.columns) == (part.etag, columns):
            return known
        loaded = Loaded(part.etag, part.rows.num_rows, row_hash(part.rows), columns)
        committed = self._replace(replacement, known, loaded, part)
        if not committed:
            return self._newer(place)
        self.known[place] = version, loaded
        return loaded

    def check(self, table: SinkTable, place: TablePartition) -> tuple[int, int]:
        (((rows, total),),) = self._query([sql.measure(self.schema, table, place)], f"check {place}")
        return int(rows), int(total)

    def probe(self, rows: pa.Table) -> tuple[int, int]:
        copy = self._write(PROBE, self.handoff.claim(PROBE), "probe", rows)
        *_, ((count, total),) = self._query(
            [*sql.stage(rows.schema, copy), sql.measure_stage(rows.schema)], "try extreme values"
        )
        return int(count), int(total)

    def close(self) -> None:
        self.known = {}

    def _replace(
        self, replacement: sql.Replacement, known: Loaded | None, loaded: Loaded, part: Part
    ) -> bool:
        """Whether this load took effect; rows that are there by the ledger are only verified."""
        place = replacement.place
        if known and (known.rows, known.hash, known.columns) == (loaded.rows, loaded.hash, loaded.columns):
            try:
                return self._commit(replacement.keep(loaded), place)
            except Mismatch:
                pass  # somebody changed the rows
        copy = self._write(place, replacement.version, loaded.etag, part.rows)
        return self._commit(replacement.load(loaded, copy), place)

    def _write(self, place: TablePartition, version: int, etag: str, rows: pa.Table) -> sql.Copy:
        key = self.handoff.write(place, version, etag, rows)
        return sql.Copy(f"s3://{self.handoff.lake.bucket}/{key}", self.copy_role_arn)

    def _newer(self, place: TablePartition) -> Loaded | None:
        """What a load with a higher number left in the ledger."""
        (rows,) = self._query([sql.ledger(self.schema, place)], "read the ledger")
        entries = dict(map(_entry, rows))
        self.known |= entries
        return entries[place][1] if place in entries else None

    def _commit(self, batch: sql.Batch, place: TablePartition) -> bool:
        """Whether the batch took effect; False where a load with a higher number was first.

        Raises ``Mismatch`` where the rows are not those that were expected.
        """
        doing = f"load {place}"
        try:
            self._run(batch.statements, doing)
        except StatementFailed as failed:
            deliberate = bool(_DIVIDED_BY_ZERO.search(failed.message))
            if deliberate and failed.number == batch.guard:
                return False
            if deliberate and failed.number is not None and failed.number == batch.verification:
                raise Mismatch(
                    f"{place}: the warehouse's rows have another count or hash than the part's; "
                    "nothing was committed"
                ) from None
            raise to_error(failed.message, doing) from None
        return True

    def _execute(self, statements: Sequence[str], doing: str) -> Sequence[str]:
        """The ids of the statements' results, all of one transaction that took effect."""
        try:
            return self._run(statements, doing)
        except StatementFailed as failed:
            raise to_error(failed.message, doing) from None

    def _query(self, statements: Sequence[str], doing: str) -> list[list[tuple[Any, ...]]]:
        """The rows of each statement."""
        ids = self._execute(statements, doing)
        return [list(self._rows(identifier, doing)) for identifier in ids]

    def _rows(self, identifier: str, doing: str) -> Iterator[tuple[Any, ...]]:
        page: dict[str, str] = {}
        while True:
            answer = self._call("get_statement_result", doing, Id=identifier, **page)
            for record in answer["Records"]:
                yield tuple(map(_value, record))
            if not answer.get("NextToken"):
                return
            page = {"NextToken": answer["NextToken"]}

    def _run(self, statements: Sequence[str], doing: str) -> Sequence[str]:
        """Run the statements in one transaction, anew where another one was in its way; the ids of the
        statements that have a result. Raises ``StatementFailed``."""
        return self._anew(_NOT_SERIALIZABLE, lambda: self._run_once(statements, doing))

    def _anew(self, in_the_way: re.Pattern[str], attempt: Callable[[], T]) -> T:
        """What ``attempt`` returns; repeated where a statement fails because another run was in its way."""
        failures = 0
        while True:
            try:
                return attempt()
            except StatementFailed as failed:
                failures += 1
                if not in_the_way.search(failed.message) or REDSHIFT_TRANSACTION.is_exhausted(failures):
                    raise
                self.sleep(REDSHIFT_TRANSACTION.seconds(failures))

    def _run_once(self, statements: Sequence[str], doing: str) -> Sequence[str]:
        request = {**self.location, "Sqls": list(statements)}
        identifier = self._call("batch_execute_statement", doing, **request)["Id"]
        waited, polls = 0.0, 0
        while True:
            answer = self._call("describe_statement", doing, Id=identifier)
            parts = answer.get("SubStatements", [])
            if answer["Status"] == "FINISHED":
                return [part["Id"] for part in parts if part.get("HasResultSet")]
            if answer["Status"] in ("FAILED", "ABORTED"):
                number = next((at for at, part in enumerate(parts) if part["Status"] == "FAILED"), None)
                words = answer.get("Error", "") if number is None else parts[number].get("Error", "")
                raise StatementFailed(number, words or answer.get("Error", "") or "no reason given")
            if waited >= MAX_WAIT_SECONDS:
                raise StoreUnavailable(
                    f"could not {doing}: it took Redshift more than {MAX_WAIT_SECONDS:.0f} seconds; it ends "
                    "by itself, and the next run goes on"
                )
            polls += 1
            pause = REDSHIFT_POLL.seconds(polls)
            self.sleep(pause)
            waited += pause

    def _call(self, method: str, doing: str, **request: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self.data_api, method)(**request)
        except ClientError as error:
            words = f"{error_code(error)}: {error.response['Error'].get('Message', '')}"
            if error_code(error) in _DENIED:
                raise BadConfiguration(
                    f"could not {doing}: the function's role may not use this workgroup or cluster: correct "
                    "its name in load, and deploy"
                ) from None
            raise to_error(words, doing, later=error_code(error) != "ValidationException") from None
        except BotoCoreError as error:
            raise StoreUnavailable(f"could not {doing}: Redshift's Data API: {error_code(error)}") from None
        return answer


def to_error(words: str, doing: str, *, later: bool = False) -> CoinlakeError:
    """One sentence with the remedy; a ``StoreUnavailable`` where a later try may succeed."""
    remedy = next(
        (remedy for phrase, remedy in _REMEDIES.items() if re.search(phrase, words, re.IGNORECASE)),
        words.strip().splitlines()[0][:200] if words.strip() else "no reason given",
    )
    retryable = later or any(one.search(words) for one in (_LATER, _NOT_SERIALIZABLE, _MADE_MEANWHILE))
    kind = StoreUnavailable if retryable else BadConfiguration
    return kind(f"could not {doing}: Redshift: {remedy}")


def _entry(row: tuple[Any, ...]) -> tuple[TablePartition, tuple[int, Loaded]]:
    table, partition, version, etag, rows, total, columns = row
    place = TablePartition(table, Partition(partition))
    return place, (int(version), Loaded(etag, int(rows), int(total), columns))


def _value(cell: Mapping[str, Any]) -> Any:
    """A field of a result: one of stringValue, longValue, … or isNull."""
    return None if cell.get("isNull") else next(iter(cell.values()))
