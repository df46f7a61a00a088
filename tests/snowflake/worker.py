"""Snowflake's SQL on DuckDB, for tests in another environment: a statement a line in, its rows a line out.

fakesnow translates; what it does not know of the ledger's hash is replaced by DuckDB's own functions.
Decimals and times go as texts. Run by ``tests.snowflake.conftest`` with the Python of ``build/snowflake``.
"""

import json
import re
import sys
import warnings
from typing import Any

import fakesnow

import snowflake.connector

_LACKING = (
    # fakesnow's SUM of a NUMBER is a double, and its TO_NUMBER knows no hexadecimal digits.
    (
        re.compile(r"""SUM\((IFF\("PART_ROWS" > 0, )TO_NUMBER\((.*?), 'X{15}'\), 0\)\)""", re.DOTALL),
        r"LIST_SUM(LIST(\1CAST('0x' || \2 AS HUGEINT), 0)))",
    ),
    (re.compile(r"DATE_PART\(EPOCH_MICROSECOND, ([^)]+)\)"), r"EPOCH_US(\1)"),
)


def main() -> None:
    warnings.simplefilter("ignore")
    with fakesnow.patch():
        connection = snowflake.connector.connect(database="COINLAKE_TEST", schema="COINLAKE")
        cursor = connection.cursor()
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
