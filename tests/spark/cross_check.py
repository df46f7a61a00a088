"""Spark SQL's own answer to what refine makes; runs in Spark's environment.

Standard input is a list of tables with name, key (the columns that tell rows apart), keeps and keeps_trusted
(conditions of what is compared), and the files and schema of both zones; the last line of standard output is,
by table, how many rows either has that the other lacks, and how many there are.
"""

import json
import sys
from typing import Any

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as f


def main() -> None:
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
        .getOrCreate()
    )
    print(json.dumps({table["name"]: compared(spark, table) for table in json.load(sys.stdin)}))


def compared(spark: SparkSession, table: dict[str, Any]) -> list[int]:
    ours = read(spark, table["refined"])
    rows = read(spark, table["trusted"])
    for name, column in table["partition_columns"].items():
        rows = rows.withColumn(name, f.col(column))
    # The same precedence as refine's, of rows of the source's own: the last word about a key wins.
    order = [f.desc(name) for name in ("is_closed", "received_at", "raw_key") if name in rows.columns]
    key = Window.partitionBy(*table["key"]).orderBy(*order)
    winners = rows.withColumn("place", f.row_number().over(key)).filter("place = 1")
    columns = [name for name in ours.columns if name in rows.columns]
    left = winners.filter(table["keeps_trusted"]).select(columns)
    right = ours.filter(table["keeps"]).select(columns)
    return [left.exceptAll(right).count(), right.exceptAll(left).count(), right.count()]


def read(spark: SparkSession, zone: dict[str, Any]) -> DataFrame:
    return spark.read.schema(zone["schema"]).option("basePath", zone["base"]).parquet(*zone["files"])


if __name__ == "__main__":
    main()
