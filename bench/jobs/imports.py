"""Import modules in a fresh interpreter, in order; report the time, or the foreign modules used."""

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.measure import clock, read_arguments, report_numbers
from bench.paths import FUNCTIONS, LAYER


def needed() -> list[str]:
    """The third-party modules that our loaded ones import at their top, in a stable order."""
    ours = [module for module in list(sys.modules.values()) if _is_ours(getattr(module, "__file__", None))]
    names = {name for module in ours for name in _imported(Path(str(module.__file__)))}
    roots = {module.__name__.partition(".")[0] for module in ours}
    foreign = {name for name in names if name.partition(".")[0] not in roots | set(sys.stdlib_module_names)}
    return sorted(name for name in foreign if name in sys.modules)


def _is_ours(path: str | None) -> bool:
    return path is not None and any(folder in Path(path).parents for folder in (FUNCTIONS, LAYER))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


if __name__ == "__main__":
    task = read_arguments()
    with clock() as seconds:
        for name in task["modules"]:
            importlib.import_module(name)
    if task.get("needed"):
        print(",".join(needed()), file=sys.stderr)
    report_numbers(seconds=seconds[0])
