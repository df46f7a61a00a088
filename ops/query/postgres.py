"""SQL over the laptop's warehouse: the PostgreSQL that ``coinlake up`` starts."""

from decimal import Decimal

import pyarrow as pa

from ops.local.laptop import Laptop
from ops.local.postgres import PostgresServer
from ops.query.result import QueryFailed, QueryResult, first_line


def query(laptop: Laptop, sql: str) -> QueryResult:
    """Run it as a reader, in the schema that load keeps; raises ``QueryFailed``."""
    from adbc_driver_postgresql import dbapi  # noqa: PLC0415 - no other command waits for the driver

    url = PostgresServer(laptop).url(reader=True)
    try:
        with dbapi.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return QueryResult(_with_decimals(cursor.fetch_arrow_table()))
    except dbapi.Error as error:
        raise QueryFailed(f"PostgreSQL: {first_line(error)}") from None


def _with_decimals(table: pa.Table) -> pa.Table:
    """Numerics as numbers: the driver gives them as texts, for PostgreSQL's know no limit."""
    columns = []
    for column in table.columns:
        if isinstance(column.type, pa.BaseExtensionType):
            texts = column.cast(column.type.storage_type).to_pylist()
            column = pa.chunked_array([pa.array([None if text is None else Decimal(text) for text in texts])])  # noqa: PLW2901
        columns.append(column)
    return pa.table(columns, names=table.column_names)
