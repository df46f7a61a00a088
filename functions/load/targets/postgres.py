"""PostgreSQL. The only file that imports its driver (ADBC: Arrow in by binary COPY, exact).

A part is loaded under a lock of its own, and read only then: whoever commits last has read last, so an older
part never replaces a newer one. Only rows that differ are written; an unchanged part writes none.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import adbc_driver_manager
import pyarrow as pa
from adbc_driver_postgresql import dbapi

from coinlake.errors import BadConfiguration, CoinlakeError, StoreUnavailable
from coinlake.keys import Partition
from load.ddl import (
    DISCOUNTS,
    LEDGER,
    LOADER,
    READERS,
    SPREADS,
    Column,
    SinkTable,
    migrations,
    names,
    quoted,
)
from load.dialects import postgres as sql
from load.hashing import declaration_hash, row_hash
from load.planning import Loaded, TablePartition
from load.targets import Mismatch, Part, Read

LOCK_SECONDS: Final = 60
CONNECT_SECONDS: Final = 10
STAGE: Final = "coinlake_stage"
_IAM_ROLE: Final = "rds_iam"  # RDS's: who is a member of it logs in by token, not by password
_LOOPBACK: Final = frozenset({"", "localhost", "127.0.0.1", "::1"})
_SECRETS: Final = re.compile(r"(?i)(password|token)\s*[=:]\s*\S+")

# What a user can do about each SQLSTATE. Source: PostgreSQL documentation, "PostgreSQL Error Codes".
_REMEDIES: Final = {
    "22021": "a text holds a character that the database's encoding lacks: it must be UTF8",
    "25006": "the database is read-only: point the URL at the primary",
    "3F000": "the schema is missing: let the role create it, or create it for the role",
    "42501": "the role lacks a right: GRANT CREATE, TEMPORARY ON DATABASE … TO it, or give it the schema",
    "42809": "a view or another relation has the table's name: rename it",
    "53100": "the disk is full: enlarge it",
    "53300": "there are too many connections: raise max_connections, or use a pooler",
    "55P03": "another load of this partition took longer than a minute: the next run goes on",
    "57P03": "the database is starting or stopping: the next run goes on",
}
_LATER: Final = re.compile(r"08...|40...|53...|55P03|57...")  # a retry may succeed

# The same for a connection that was not made: libpq then has words only. What is not here is an outage.
_CONNECT_REMEDIES: Final = {
    "password authentication failed": "its password or user is wrong: write the right URL into the parameter",
    "PAM authentication failed": "RDS refuses its IAM token: `coinlake load --init` makes the role, once",
    "role .* does not exist": "there is no such user: create the role, or correct the URL",
    "database .* does not exist": "there is no such database: create it, or correct the URL",
    "no pg_hba.conf entry": "pg_hba.conf lets this user in from no such address: add an entry",
    "not permitted to log in": "the role may not log in: ALTER ROLE … LOGIN",
    "could not translate host name": "the host's name is unknown: correct the URL",
    "certificate verify failed": "no trusted authority signed its certificate: set ca_parameter",
    "does not match host name": "its certificate is for another name: write that name into the URL",
    "does not support SSL": "it speaks no TLS: switch ssl on in the server",
}


@dataclass(slots=True)
class Postgres:
    """A database as the role ``coinlake_load`` reaches it; ``connect`` opens a connection."""

    connect: Callable[[], Any]
    schema: str = "coinlake"
    name: str = "postgres"
    connection: Any = None  # of this run: a first load has thousands of transactions
    connect_as: Callable[[str, str], Any] | None = None  # user and password of an administrator

    @classmethod
    def at(cls, url: str, ca_file: str, schema: str = "coinlake") -> "Postgres":
        """``url`` as ``postgresql://user:password@host:5432/database``; it is never logged or shown.

        TLS with the host's name checked against ``ca_file`` everywhere but on loopback and a Unix socket.
        """
        checked = secure_url(url, ca_file)
        return cls(lambda: dbapi.connect(checked), schema)

    @classmethod
    def by_token(
        cls, address: str, ca_file: str, token: Callable[[], str], schema: str = "coinlake"
    ) -> "Postgres":
        """A database of RDS at ``postgresql://host:5432/database``.

        Each connection takes a ``token`` of its own, which is good for a quarter of an hour.
        """

        def connect_as(user: str, password: str) -> Any:
            return dbapi.connect(secure_url(with_credentials(address, user, password), ca_file))

        return cls(lambda: connect_as(LOADER, token()), schema, connect_as=connect_as)

    def create_roles(self, user: str, password: str) -> list[str]:
        """Make the roles and the schema, as an administrator, in one transaction; the names of what was made.

        From PostgreSQL 16 on an administrator that is no superuser is a member of the roles that it makes,
        and so of rds_iam: RDS then refuses its password, not its IAM token.
        """
        if self.connect_as is None:
            raise BadConfiguration(
                "--init makes the roles of a database that coinlake made (create = true); for one of yours "
                "docs/load.md has the SQL"
            )
        administrator = self.connect_as
        once = Postgres(lambda: administrator(user, password), self.schema)
        with once._transaction("make the roles") as cursor:
            cursor.execute("SELECT rolname::text FROM pg_roles")
            roles = {name for (name,) in cursor.fetchall()}
            made = [role for role in (LOADER, READERS) if role not in roles]
            for role in made:
                cursor.execute(f"CREATE ROLE {role}{' LOGIN' if role == LOADER else ''}")
            cursor.execute("SELECT current_database()::text")
            ((database,),) = cursor.fetchall()
            cursor.execute(f"GRANT TEMPORARY ON DATABASE {quoted(database)} TO {LOADER}")
            cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = $1", (self.schema,))
            if not cursor.fetchone():
                cursor.execute(f"GRANT {LOADER} TO CURRENT_USER")  # a schema is given to a role of one's own
                cursor.execute(f"CREATE SCHEMA {quoted(self.schema)} AUTHORIZATION {LOADER}")
                cursor.execute(f"REVOKE {LOADER} FROM CURRENT_USER")
                made.append(self.schema)
            if _IAM_ROLE in roles:
                cursor.execute(f"GRANT {_IAM_ROLE} TO {LOADER}")
        once.close()
        return made

    def prepare(self, tables: Collection[SinkTable]) -> None:
        with self._transaction("prepare the schema") as cursor:
            self._lock(cursor, "schema")
            cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = $1", (self.schema,))
            if not cursor.fetchone():
                cursor.execute(f"CREATE SCHEMA {quoted(self.schema)}")
            cursor.execute(sql.create_ledger(self.schema))
            for table in tables:
                if existing := self._columns(cursor, table.name):
                    statements = migrations(self.schema, table, existing, sql.column_type)
                else:
                    statements = sql.create_table(self.schema, table)
                    cursor.execute(f"DELETE FROM {self._ledger} WHERE table_name = $1", (table.name,))  # noqa: S608
                for statement in statements:
                    cursor.execute(statement)
            if SPREADS in {table.name for table in tables} and not self._columns(cursor, DISCOUNTS, "v"):
                cursor.execute(sql.create_discounts(self.schema))
            self._let_readers_read(cursor)

    def loaded(self) -> Mapping[TablePartition, Loaded]:
        with self._transaction("read the ledger") as cursor:
            cursor.execute(
                f"SELECT table_name, partition, etag, rows, hash::text, columns FROM {self._ledger}"  # noqa: S608
            )
            return {
                TablePartition(table, Partition(partition)): Loaded(etag, rows, int(total), columns)
                for table, partition, etag, rows, total, columns in cursor.fetchall()
            }

    def forget(self, tables: Collection[str], partition: Partition | None) -> None:
        with self._transaction("forget what was loaded") as cursor:
            for table in tables:
                cursor.execute(
                    f"UPDATE {self._ledger} SET etag = '' "  # noqa: S608
                    "WHERE table_name = $1 AND ($2::text IS NULL OR partition = $2)",
                    (table, None if partition is None else str(partition)),
                )

    def load(self, table: SinkTable, place: TablePartition, read: Read) -> Loaded | None:
        columns = declaration_hash(table.schema)
        with self._transaction(f"load {place}") as cursor:
            self._lock(cursor, place)
            part = read(place)
            if part is None:
                self._remove(cursor, table, place)
                return None
            known = self._known(cursor, place)
            if known and (known.etag, known.columns) == (part.etag, columns):
                return known
            count = part.rows.num_rows
            with ThreadPoolExecutor(1) as hashing:
                hashed = hashing.submit(row_hash, part.rows)  # while the database works
                # Rows that are there already by the ledger are only counted and hashed.
                unchanged = (
                    known is not None
                    and known.rows == count
                    and known.hash == hashed.result()
                    and self._measured(cursor, table, place) == (count, known.hash)
                )
                if not unchanged:
                    self._replace(cursor, table, place, part)
                expected = Loaded(part.etag, count, hashed.result(), columns)
            if not unchanged:
                self._verify(cursor, table, place, expected)
            self._record(cursor, place, expected)
            return expected

    def check(self, table: SinkTable, place: TablePartition) -> tuple[int, int]:
        with self._transaction(f"check {place}") as cursor:
            self._set_session(cursor)
            return self._measured(cursor, table, place)

    def probe(self, rows: pa.Table) -> tuple[int, int]:
        with self._transaction("try extreme values") as cursor:
            self._set_session(cursor)
            columns = ", ".join(
                f"{quoted(field.name)} {sql.column_type(Column(field.name, field.type, required=False))}"
                for field in rows.schema
            )
            cursor.execute(f"CREATE TEMP TABLE {STAGE} ({columns}) ON COMMIT DROP")
            cursor.adbc_ingest(STAGE, _plain(rows), mode="append", temporary=True)
            cursor.execute(f"SELECT count(*), ({sql.row_hash(rows.schema, 't')})::text FROM {STAGE} t")  # noqa: S608
            count, total = cursor.fetchone()
            return int(count), int(total)

    def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection:
            with suppress(adbc_driver_manager.Error):
                connection.close()

    @property
    def _ledger(self) -> str:
        return f"{quoted(self.schema)}.{quoted(LEDGER)}"

    def _columns(self, cursor: Any, table: str, kinds: str = "rp") -> dict[str, str]:
        """Names and types of an existing table's columns, as ``sql.column_type`` writes them.

        Raises ``BadConfiguration`` where it is of another kind, as pg_class.relkind knows them.
        """
        cursor.execute(
            "SELECT a.attname, format_type(a.atttypid, a.atttypmod), c.relkind::text "
            "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped",
            (self.schema, table),
        )
        columns = cursor.fetchall()
        if any(kind not in kinds for *_, kind in columns):
            raise BadConfiguration(
                f"{self.schema}.{table} is a view or another relation that load did not make: rename it"
            )
        return {name: kind for name, kind, _ in columns}

    def _let_readers_read(self, cursor: Any) -> None:
        """Where there is a role coinlake_read it may select from every table, the new ones too."""
        cursor.execute(
            "SELECT c.relname FROM pg_roles r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = $1 AND r.rolname = $2 AND c.relkind IN ('r', 'p', 'v') "
            "AND pg_has_role(c.relowner, 'USAGE') AND NOT has_table_privilege(r.oid, c.oid, 'SELECT')",
            (self.schema, READERS),
        )
        if unreadable := [name for (name,) in cursor.fetchall()]:
            cursor.execute(f"GRANT USAGE ON SCHEMA {quoted(self.schema)} TO {READERS}")
            for name in unreadable:
                cursor.execute(f"GRANT SELECT ON {quoted(self.schema)}.{quoted(name)} TO {READERS}")

    def _set_session(self, cursor: Any) -> None:
        """What the texts of a hash depend on, for this transaction: poolers hand connections on."""
        cursor.execute("SET LOCAL timezone = 'UTC'")
        cursor.execute("SET LOCAL extra_float_digits = 1")

    def _lock(self, cursor: Any, what: TablePartition | str) -> None:
        """Settings of this transaction, and the part's lock.

        Without statistics a part that was just loaded is estimated at one row, and a nested loop over it
        takes minutes.
        """
        self._set_session(cursor)
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", (f"coinlake:{self.schema}:{what}",)
        )
        cursor.fetchall()

    def _known(self, cursor: Any, place: TablePartition) -> Loaded | None:
        cursor.execute(
            f"SELECT etag, rows, hash::text, columns FROM {self._ledger} "  # noqa: S608
            "WHERE table_name = $1 AND partition = $2",
            (place.table, str(place.partition)),
        )
        row = cursor.fetchone()
        return Loaded(row[0], int(row[1]), int(row[2]), row[3]) if row else None

    def _replace(self, cursor: Any, table: SinkTable, place: TablePartition, part: Part) -> None:
        """Write what differs: rows that are gone or otherwise go, rows that are new or otherwise come."""
        target, own = f"{quoted(self.schema)}.{quoted(table.name)}", table.schema.names
        where, values = _partition_filter(place, "t")
        key = [name for name in table.key if name in own]
        same_key = " AND ".join(
            [
                *(f"t.{quoted(name)} = s.{quoted(name)}" for name in key),
                *(f"t.{quoted(name)} IS NOT DISTINCT FROM s.{quoted(name)}" for name in table.optional),
            ]
        )
        rest = [name for name in own if name not in key]
        same = (
            f"{same_key} AND ({names(rest, 's')}) IS NOT DISTINCT FROM ({names(rest, 't')})"
            if rest
            else same_key
        )
        cursor.execute(
            f"CREATE TEMP TABLE {STAGE} ON COMMIT DROP AS SELECT {names(own)} FROM {target} LIMIT 0"  # noqa: S608
        )
        if part.rows.num_rows:
            cursor.adbc_ingest(STAGE, _plain(part.rows), mode="append", temporary=True)
        cursor.execute(f"ANALYZE {STAGE}")
        cursor.execute(
            f"DELETE FROM {target} t WHERE {where} "  # noqa: S608
            f"AND NOT EXISTS (SELECT FROM {STAGE} s WHERE {same})",
            values,
        )
        literals = "".join(f", ${number}" for number in range(1, len(values) + 1))
        into = names([*own, *table.partitions])
        cursor.execute(
            f"INSERT INTO {target} ({into}) SELECT {names(own, 's')}{literals} FROM {STAGE} s "  # noqa: S608
            f"WHERE NOT EXISTS (SELECT FROM {target} t WHERE {where} AND {same_key})",
            values,
        )

    def _measured(self, cursor: Any, table: SinkTable, place: TablePartition) -> tuple[int, int]:
        where, values = _partition_filter(place, "t")
        cursor.execute(
            f"SELECT count(*), ({sql.row_hash(table.schema, 't')})::text "  # noqa: S608
            f"FROM {quoted(self.schema)}.{quoted(table.name)} t WHERE {where}",
            values,
        )
        rows, total = cursor.fetchone()
        return int(rows), int(total)

    def _verify(self, cursor: Any, table: SinkTable, place: TablePartition, expected: Loaded) -> None:
        rows, total = self._measured(cursor, table, place)
        if (rows, total) != (expected.rows, expected.hash):
            raise Mismatch(
                f"{place}: the part has {expected.rows:,} rows with hash {expected.hash}, and the "
                f"warehouse {rows:,} with {total}; nothing was committed"
            )

    def _record(self, cursor: Any, place: TablePartition, loaded: Loaded) -> None:
        cursor.execute(
            f"INSERT INTO {self._ledger} (table_name, partition, etag, rows, hash, columns) "  # noqa: S608
            "VALUES ($1, $2, $3, $4, $5::text::numeric, $6) ON CONFLICT (table_name, partition) DO UPDATE "
            "SET etag = excluded.etag, rows = excluded.rows, hash = excluded.hash, "
            "columns = excluded.columns, loaded_at = statement_timestamp()",
            (
                place.table,
                str(place.partition),
                loaded.etag,
                loaded.rows,
                str(loaded.hash),
                loaded.columns,
            ),
        )

    def _remove(self, cursor: Any, table: SinkTable, place: TablePartition) -> None:
        where, values = _partition_filter(place, "t")
        cursor.execute(
            f"DELETE FROM {quoted(self.schema)}.{quoted(table.name)} t WHERE {where}",  # noqa: S608
            values,
        )
        cursor.execute(
            f"DELETE FROM {self._ledger} WHERE table_name = $1 AND partition = $2",  # noqa: S608
            (place.table, str(place.partition)),
        )

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[Any]:
        """A cursor in a transaction of its own; the database's faults become ours, without its URL."""
        try:
            self.connection = self.connection or self.connect()
        except adbc_driver_manager.Error as error:
            raise connect_error(error, doing) from None
        try:
            with self.connection.cursor() as cursor:
                yield cursor
            self.connection.commit()
        except adbc_driver_manager.Error as error:
            self.close()  # which rolls back, and needs no connection that works
            raise to_error(error, doing) from None
        except BaseException:
            self.close()
            raise


def connect_error(error: adbc_driver_manager.Error, doing: str) -> CoinlakeError:
    """One sentence with the remedy; libpq's words name user and host, and stay out of it."""
    words = str(error)
    for phrase, remedy in _CONNECT_REMEDIES.items():
        if re.search(phrase, words):
            return BadConfiguration(f"could not {doing}: no connection to the database: {remedy}")
    return StoreUnavailable(
        f"could not {doing}: the database does not answer; is it up, and does its firewall let AWS Lambda in?"
    )


def to_error(error: adbc_driver_manager.Error, doing: str) -> CoinlakeError:
    """One sentence with the remedy; the driver's own text may quote the URL and is cut down to its code."""
    state = (error.sqlstate or "").strip("\0")
    if not state or state.startswith("08"):
        return StoreUnavailable(
            f"could not {doing}: the connection to the database broke; the next run goes on"
        )
    remedy = _REMEDIES.get(state) or f"SQLSTATE {state}: {_server_message(error)}"
    kind = StoreUnavailable if _LATER.fullmatch(state) else BadConfiguration
    return kind(f"could not {doing}: {remedy}")


def _server_message(error: adbc_driver_manager.Error) -> str:
    """The server's own first line, without what could be a secret."""
    lines = [line for line in str(error).splitlines() if "ERROR" in line] or ["no reason given"]
    return _SECRETS.sub(r"\1=***", lines[0])[:200]


def secure_url(url: str, ca_file: str) -> str:
    """The URL with verified TLS required, but on loopback and a Unix socket.

    Raises ``BadConfiguration`` for what is no PostgreSQL URL.
    """
    try:
        parts = urlsplit(url)
        hosts = {parts.hostname or ""}
    except ValueError:
        parts, hosts = urlsplit(""), set()
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise BadConfiguration(
            "the database's URL is not postgresql://user:password@host:port/database: write it so into its "
            "parameter, with %-escapes for the password's special characters"
        )
    # A + is a + here, as libpq reads it; a form would mean a space.
    options = dict(parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True))
    hosts |= {options[name] for name in ("host", "hostaddr") if name in options}  # these overrule the URL's
    options.setdefault("connect_timeout", str(CONNECT_SECONDS))
    if not all(host in _LOOPBACK or host.startswith("/") for host in hosts):
        options |= {"sslmode": "verify-full", "sslrootcert": ca_file}
    return urlunsplit(parts._replace(query=urlencode(options, quote_via=quote, safe="/")))


def with_credentials(address: str, user: str, password: str) -> str:
    """The URL of a database at ``address`` for a user."""
    parts = urlsplit(address)
    return urlunsplit(
        parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}")
    )


def _partition_filter(place: TablePartition, alias: str) -> tuple[str, tuple[str, ...]]:
    """The rows of a partition, and the values of its parameters; all rows of a table without partitions."""
    levels = place.partition.levels
    text = " AND ".join(f"{alias}.{quoted(name)} = ${number}" for number, name in enumerate(levels, 1))
    return text or "true", tuple(levels.values())


def _plain(rows: pa.Table) -> pa.Table:
    """Without dictionaries, in one piece: COPY takes plain columns."""
    fields = [
        field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field for field in rows.schema
    ]
    return rows.cast(pa.schema(fields)).combine_chunks()
