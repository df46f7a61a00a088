"""Another pyarrow writes the same bytes, so an upgrade of it makes no part differ: `make versions-test`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from coinlake.tables import tables
from ops.paths import BUILD, ROOT
from tests.integration.test_readers import table_rows
from tools.venv import Venv

REQUIRED = "COINLAKE_VERSIONS_REQUIRED"
OLDER = Venv(BUILD / "versions", Path(__file__).with_name("requirements.txt"), "an older pyarrow")
IN_PARTS = "trades"  # so many rows that awswrangler uploads them in parts
IN_PARTS_ROWS = 250_000


@pytest.fixture(scope="session")
def older() -> Path:
    if os.environ.get(REQUIRED):
        OLDER.install()
    if not OLDER.installed:
        pytest.skip("an older pyarrow has an environment of its own: make versions-test")
    return OLDER.python


def written(python: Path, folder: Path) -> dict[str, object]:
    code = [ROOT / "functions", ROOT / "layers" / "coinlake" / "python"]
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("write.py")), str(folder)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, code))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_two_versions_of_pyarrow_write_the_same_bytes(older, tmp_path):
    for name, table in tables().items():
        rows = table_rows(table, IN_PARTS_ROWS if name == IN_PARTS else 3000)
        with (
            pa.OSFile(str(tmp_path / f"{name}.arrow"), "wb") as sink,
            pa.ipc.new_file(sink, rows.schema) as file,
        ):
            file.write_table(rows)
    ours, theirs = written(Path(sys.executable), tmp_path), written(older, tmp_path)
    assert ours["pyarrow"] != theirs["pyarrow"]
    assert ours["parts"] > 1
    assert ours["written"] == theirs["written"]
