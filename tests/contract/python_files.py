"""The repository's Python files, as the contract tests read them."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def python_files(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Each file's path from the root, and its syntax tree."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield file.relative_to(ROOT), ast.parse(file.read_text())


def texts(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every text in the code, the fixed pieces of f-strings included; docstrings are not code."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node
