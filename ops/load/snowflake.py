"""The set-up of a Snowflake account in SQL, from tables.json and the stack's outputs.

Three files, which a person reads, and runs in their order. Each can be run again: after a change of the
lake's tables the second and the third.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from coinlake.keys import HANDOFF, handoff_report
from coinlake.tables import refined
from load.ddl import LEDGER, SPREADS, SinkTable
from load.dialects import snowflake as sql
from load.dialects.snowflake import quoted
from load.probe import PROBE, probe_rows
from load.targets.snowflake import NAME
from ops.load.load import NoWarehouse
from ops.stack import Stack

LOADER: Final = "COINLAKE_LOAD"
READER: Final = "COINLAKE_READ"
COPIES: Final = "HANDOFF"  # the stages
REPORTS: Final = "REPORTS"
PURGE: Final = "DELETE_REPLACED"  # the tasks
REPORT: Final = "REPORT_HELD"
DAILY: Final = "USING CRON 0 3 * * * UTC"  # after the daily load of 01:04
MAX_REPORT_BYTES: Final = 64 << 20
_IN_A_ROW: Final = ("ALTER TABLE", "ALTER TASK", "CREATE ROLE", "GRANT", "USE")  # one a line, no line between
_XSMALL: Final = "USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE = 'XSMALL'"


@dataclass(frozen=True, slots=True)
class SnowflakeSetup:
    """What the statements name. ``role_arn``, ``external_id`` and ``topic_arn`` are Terraform's."""

    environment: str
    bucket: str
    role_arn: str
    external_id: str
    topic_arn: str
    tables: tuple[str, ...]
    database: str

    @classmethod
    def of(cls, stack: Stack, database: str | None = None) -> Self:
        """Raises ``NoWarehouse`` where the stack loads no Snowflake."""
        try:
            load = stack.load[NAME]
        except KeyError:
            raise NoWarehouse(
                f"{stack.environment} loads no Snowflake; set load = {{ snowflake = {{}} }} in its tfvars "
                "and deploy"
            ) from None
        return cls(
            environment=stack.environment,
            bucket=stack.lake_bucket,
            role_arn=load["role_arn"],
            external_id=load["external_id"],
            topic_arn=load["topic_arn"],
            tables=tuple(load["tables"]),
            database=(database or f"coinlake_{stack.environment}").replace("-", "_").upper(),
        )

    @property
    def integration(self) -> str:
        return quoted(f"coinlake_{self.environment}".replace("-", "_"))

    @property
    def schema(self) -> str:
        return f"{quoted(self.database)}.{quoted('coinlake')}"

    @property
    def sinks(self) -> list[SinkTable]:
        """The refined tables, and that of the probe."""
        known = refined()
        probe = SinkTable(PROBE, probe_rows().schema, (), ())
        return [*(SinkTable.of(known[name]) for name in self.tables), probe]

    def files(self) -> dict[str, str]:
        """The SQL by the name of its file, in the order in which they are run."""
        return {
            "1-account.sql": _script(_ACCOUNT, self.account()),
            "2-tables.sql": _script(_TABLES, self.make_tables()),
            "3-tasks.sql": _script(_TASKS, self.tasks()),
        }

    def account(self) -> list[str]:
        """What an administrator of the account makes: the integration, the roles, the database."""
        integration, database = self.integration, quoted(self.database)
        return [
            "USE ROLE ACCOUNTADMIN",
            f"CREATE STORAGE INTEGRATION IF NOT EXISTS {integration}\n"
            "  TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3' ENABLED = TRUE\n"
            f"  STORAGE_AWS_ROLE_ARN = '{self.role_arn}'\n"
            f"  STORAGE_AWS_EXTERNAL_ID = '{self.external_id}'\n"
            f"  STORAGE_ALLOWED_LOCATIONS = ('{self._copies_url}', '{self._reports_url}')",
            f"CREATE ROLE IF NOT EXISTS {LOADER}",
            f"CREATE ROLE IF NOT EXISTS {READER}",
            f"GRANT ROLE {LOADER} TO ROLE SYSADMIN",
            f"GRANT ROLE {READER} TO ROLE SYSADMIN",
            f"CREATE DATABASE IF NOT EXISTS {database}",
            f"GRANT USAGE, CREATE SCHEMA ON DATABASE {database} TO ROLE {LOADER}",
            f"GRANT USAGE ON DATABASE {database} TO ROLE {READER}",
            f"GRANT USAGE ON INTEGRATION {integration} TO ROLE {LOADER}",
            f"GRANT EXECUTE TASK, EXECUTE MANAGED TASK ON ACCOUNT TO ROLE {LOADER}",
            f"DESC INTEGRATION {integration}",
            f"SELECT SYSTEM$GET_AWS_SNS_IAM_POLICY('{self.topic_arn}')",
        ]

    def make_tables(self) -> list[str]:
        """Stages, and for each table its versions, its pipe and its view; then the ledger and the grants."""
        sinks = self.sinks
        views = [*self.tables, LEDGER, *(["discounts"] if SPREADS in self.tables else [])]
        return [
            f"USE ROLE {LOADER}",
            f"CREATE SCHEMA IF NOT EXISTS {self.schema}",
            f"USE SCHEMA {self.schema}",
            _stage(COPIES, self._copies_url, self.integration),
            _stage(REPORTS, self._reports_url, self.integration),
            *(statement for table in sinks for statement in sql.create_parts(table)),
            _refuse_changed(sinks),
            *(self._pipe(table) for table in sinks),
            *(sql.create_current(table) for table in sinks),
            *(sql.create_view(table) for table in sinks if table.name != PROBE),
            *([sql.create_discounts()] if SPREADS in self.tables else []),
            sql.create_ledger(sinks),
            f"GRANT USAGE ON SCHEMA {self.schema} TO ROLE {READER}",
            *(f"GRANT SELECT ON VIEW {quoted(view)} TO ROLE {READER}" for view in views),
        ]

    def tasks(self) -> list[str]:
        """Once a day: delete the versions that newer ones replaced, then report what is held."""
        deletes = "".join(f"\n  {sql.delete_replaced(table)};" for table in self.sinks)
        replaced = f"BEGIN{deletes}\nEND;"
        return [
            f"USE ROLE {LOADER}",
            f"USE SCHEMA {self.schema}",
            f"ALTER TASK IF EXISTS {PURGE} SUSPEND",
            f"CREATE OR REPLACE TASK {PURGE} {_XSMALL}\n  SCHEDULE = '{DAILY}'\nAS\n{_block(replaced)}",
            f"CREATE OR REPLACE TASK {REPORT} {_XSMALL}\n  AFTER {PURGE}\nAS\n{self.report()}",
            f"ALTER TASK {REPORT} RESUME",
            f"ALTER TASK {PURGE} RESUME",
            f"EXECUTE TASK {PURGE}",
        ]

    def report(self) -> str:
        name = handoff_report(NAME).rpartition("/")[2]
        return (
            f"COPY INTO @{REPORTS}/{name}\n  FROM ({held()})\n"
            f"  FILE_FORMAT = ({_REPORT_FORMAT})\n"
            f"  SINGLE = TRUE OVERWRITE = TRUE HEADER = TRUE MAX_FILE_SIZE = {MAX_REPORT_BYTES}"
        )

    def _pipe(self, table: SinkTable) -> str:
        return (
            f"CREATE PIPE IF NOT EXISTS {quoted(f'{table.name}_pipe')} AUTO_INGEST = TRUE\n"
            f"  AWS_SNS_TOPIC = '{self.topic_arn}'\n  AS {sql.copy_parts(table, COPIES)}"
        )

    @property
    def _copies_url(self) -> str:
        return f"s3://{self.bucket}/{HANDOFF}{NAME}/"

    @property
    def _reports_url(self) -> str:
        return f"s3://{self.bucket}/{handoff_report(NAME).rpartition('/')[0]}/"


def held() -> str:
    """The query whose rows are the report."""
    return f'SELECT "TABLE_NAME", "PARTITION", "VERSION", "ROWS", "HASH" FROM {quoted(LEDGER)}'  # noqa: S608


def write(files: dict[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def _stage(name: str, url: str, integration: str) -> str:
    return f"CREATE STAGE IF NOT EXISTS {name}\n  URL = '{url}' STORAGE_INTEGRATION = {integration}"


def _refuse_changed(tables: Sequence[SinkTable]) -> str:
    """Stops the script where a column is of another type than the lake's: types never change silently."""
    return _block(
        "DECLARE\n"
        "  changed EXCEPTION (-20001, 'A column is of another type than in the lake: the query of this block "
        "names it; drop its table and its pipe, run this file again, then coinlake load --again');\n"
        "BEGIN\n  IF (EXISTS (\n"
        f"  {sql.changed_columns(tables)}\n"
        "  )) THEN\n    RAISE changed;\n  END IF;\nEND;"
    )


def _block(block: str) -> str:
    """A block of Snowflake Scripting, quoted for clients that cut a file at its semicolons."""
    return f"EXECUTE IMMEDIATE $$\n{block}\n$$"


def _script(introduction: str, statements: Sequence[str]) -> str:
    text, before = "".join(f"-- {line}\n" for line in introduction.strip().splitlines()), ""
    for statement in statements:
        kind = next((word for word in _IN_A_ROW if statement.startswith(word)), "")
        text += f"{'' if kind and kind == before else chr(10)}{statement};\n"
        before = kind
    return text


_REPORT_FORMAT: Final = "TYPE = CSV COMPRESSION = NONE FIELD_OPTIONALLY_ENCLOSED_BY = '\"'"

_ACCOUNT: Final = """
1 of 3, once, by an administrator of the Snowflake account. Made by `coinlake snowflake sql`.
The last two statements tell who Snowflake is in AWS: STORAGE_AWS_IAM_USER_ARN, and the principal of the
policy. Write both into the tfvars, load = { snowflake = { user_arn = "…", subscriber_arn = "…" } }, and
deploy again before the second file is run.
"""
_TABLES: Final = """
2 of 3, by a person with the role COINLAKE_LOAD, and again after every change of the lake's tables.
"""
_TASKS: Final = """
3 of 3, by the same person, whenever the second was run. The last statement runs both tasks at once.
"""
