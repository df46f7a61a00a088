"""Glue's types are Arrow's, for every type that tables.json uses."""

from pathlib import Path

import hcl2
import pyarrow as pa

from coinlake.tables import declarations, tables

CATALOG = Path(__file__).parents[2] / "terraform" / "catalog.tf"
GLUE = {
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.timestamp("us", tz="UTC"): "timestamp",
    pa.decimal128(38, 18): "decimal(38,18)",
    pa.decimal128(18, 8): "decimal(18,8)",
    pa.decimal128(28, 8): "decimal(28,8)",
}


def renamed() -> dict[str, str]:
    blocks = hcl2.loads(CATALOG.read_text())["locals"]
    types = next(block["glue_types"] for block in blocks if "glue_types" in block)
    return {name: value.strip('"') for name, value in types.items() if not name.startswith("__")}


def test_every_column_has_the_glue_type_of_its_arrow_type() -> None:
    for name, table in declarations().items():
        for column in table["columns"]:
            field = tables()[name].schema.field(column["name"])
            assert renamed().get(column["type"], column["type"]) == GLUE[field.type], (name, column)


def test_every_partition_is_projected_and_none_is_a_column() -> None:
    for table in declarations().values():
        columns = {column["name"] for column in table["columns"]}
        for partition in table["partitions"]:
            assert partition["projection"]["type"] in {"date", "enum"}
            assert partition["name"] not in columns


def test_descriptions_fit_glue() -> None:
    for table in declarations().values():
        for column in (*table["columns"], *table["partitions"]):
            assert len(f"{column['description']} [{column.get('unit')}]") <= 255
