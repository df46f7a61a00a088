"""The README explains every code that the code can give, and no other."""

import ast
import re
from pathlib import Path

import transform
from coinlake import keys, s3_events

FOLDER = Path(transform.__file__).parent
SOURCES = [*FOLDER.rglob("*.py"), Path(keys.__file__), Path(s3_events.__file__)]
CODE_IS_ARGUMENT = {
    **dict.fromkeys(["Unreadable", "InvalidNumber", "BadKey", "BadEvent", "ColumnFault"], 0),
    **dict.fromkeys(["of", "reject", "_ignored"], 0),
    **dict.fromkeys(["reject_row"], 1),
    **dict.fromkeys(["decimals", "integers"], -1),
    **dict.fromkeys(["_reject_nulls"], 0),
}


def given_codes():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                place = CODE_IS_ARGUMENT.get(name, len(node.args))
                given = node.args[place] if place < len(node.args) else None
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield given.value


def test_the_readme_explains_exactly_the_codes_that_exist():
    explained = re.findall(r"^\| `([a-z_0-9]+)` \| .* \| .* \|$", (FOLDER / "README.md").read_text(), re.M)
    assert len(explained) == len(set(explained))
    assert set(explained) == set(given_codes()) - {"new_field"}
