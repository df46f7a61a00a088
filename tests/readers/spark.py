"""Reads tables with PySpark; runs in an environment of its own (`make spark-test`).

Standard input is a list of tables with name, base, files and schema (DDL); the last line of standard
output is each table's rows, every value as text.
"""

import json
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pyspark.sql import SparkSession


def text(value: Any) -> str | None:
    """As ops.documents.plain_text has it."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        plain = f"{value:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return str(value)


def main() -> None:
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
        .getOrCreate()
    )
    read = {}
    for table in json.load(sys.stdin):
        frame = spark.read.schema(table["schema"]).option("basePath", table["base"]).parquet(*table["files"])
        read[table["name"]] = [[text(value) for value in row] for row in frame.collect()]
    print(json.dumps(read))


if __name__ == "__main__":
    main()
