"""Snowflake's SQL on DuckDB, for tests in another environment: a statement a line in, its rows a line out.

fakesnow translates; two functions that it does not know are replaced by DuckDB's own. Decimals and times go
as texts. Run by ``tests.snowflake.conftest`` with the Python of ``build/snowflake``.
"""

import json
import re
import sys
import warnings
from typing import Any

import fakesnow
import snowflake.connector

_LACKING = (
    # SUM of a NUMBER becomes a double in fakesnow, but that of a HUGEINT of DuckDB does not.
    (re.compile(r"TO_NUMBER\((SUBSTR\(MD5\(.*?\), 1, 15\)), 'X{15}'\)", re.DOTALL), r"HEX60(\1)"),
    (re.compile(r"DATE_PART\(EPOCH_MICROSECOND, ([^)]+)\)"), r"EPOCH_US(\1)"),
)


def main() -> None:
    warnings.simplefilter("ignore")
    with fakesnow.patch():
        connection = snowflake.connector.connect(database="COINLAKE_TEST", schema="COINLAKE")
        cursor = connection.cursor()
        cursor._duck_conn.execute("CREATE MACRO hex60(digits) AS CAST('0x' || digits AS HUGEINT)")
        for line in sys.stdin:
            print(json.dumps(answer(cursor, json.loads(line)), default=str), flush=True)


def answer(cursor: Any, statement: str) -> dict[str, Any]:
    for pattern, replacement in _LACKING:
        statement = pattern.sub(replacement, statement)
    try:
        cursor.execute(statement)
        rows = cursor.fetchall()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"rows": [list(row) for row in rows]}


if __name__ == "__main__":
    main()
