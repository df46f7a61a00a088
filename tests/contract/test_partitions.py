"""Partitions are spelled and split in coinlake/keys.py, and nowhere else."""

import ast
import re

from coinlake.tables import declarations

from .python_files import python_files, texts

FOLDERS = ("functions", "ops", "bench", "simulator", "tools", "layers/coinlake/python")
KEYS = "layers/coinlake/python/coinlake/keys.py"

# The query of an exchange's URL is no partition.
QUERIES = {"functions/stream/venues/binance.py: 'symbol='"}


def levels() -> set[str]:
    """The names of all partitions, and those of raw's folders."""
    partitions = {
        partition["name"]
        for table in declarations().values()
        for zone in (table, table.get("refined", {}))
        for partition in zone.get("partitions", ())
    }
    return {"source", "dataset", *partitions}


def test_partitions_are_named_in_keys_only() -> None:
    level = re.compile(rf"(?:^|/)(?:{'|'.join(sorted(levels()))})=")
    written = {
        f"{path}: {text.value!r}"
        for path, tree in python_files(*FOLDERS)
        for text in texts(tree)
        if str(path) != KEYS and level.search(text.value)
    }
    assert written == QUERIES


def test_partitions_are_split_in_keys_only() -> None:
    split = {
        f"{path}: {ast.unparse(node)}"
        for path, tree in python_files("functions", "ops", "bench", "layers/coinlake/python")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"split", "rsplit", "partition", "rpartition"}
        and any(isinstance(argument, ast.Constant) and argument.value == "=" for argument in node.args)
        and str(path) != KEYS
    }
    assert split == set()
