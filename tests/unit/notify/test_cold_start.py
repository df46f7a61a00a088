"""What the function may import: pandas and awswrangler would more than double its cold start."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from coinlake import parquet
from coinlake.tables import refined

HEAVY = ("pandas", "awswrangler", "requests", "pyarrow.dataset")
KEY = "trusted/quotes/dt=2026-11-21/coingecko.quotes.20261121T073500Z.top.usd.p1.parquet"
PROBE = """
import sys
from pathlib import Path
import notify.handler
from coinlake.keys import TrustedKey
from notify.rules import market_rows, observations
path, key, part, *heavy = sys.argv[1:]
print(len(observations.read(TrustedKey.parse(key), Path(path).read_bytes())))
print(len(market_rows.days(Path(part).read_bytes(), {"BTC"})))
print(*(name for name in heavy if name in sys.modules))
"""


def test_importing_the_handler_and_reading_objects_load_nothing_heavy(tmp_path: Path):
    row = {name: ["x"] for name in ("source", "base", "quote", "raw_key")}
    row |= {"observed_at": [datetime(2026, 11, 21, tzinfo=UTC)], "price": [Decimal("1.5")]}
    pq.write_table(pa.table(row), tmp_path / "quotes.parquet")
    declared = refined()["asset_days"]
    day = dict.fromkeys(declared.schema.names) | {"base": "BTC", "dt": "2026-11-21"}
    part = parquet.encode(declared, pa.Table.from_pylist([day], declared.schema))
    (tmp_path / "part.parquet").write_bytes(part)
    answer = subprocess.run(
        [sys.executable, "-c", PROBE, tmp_path / "quotes.parquet", KEY, tmp_path / "part.parquet", *HEAVY],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.splitlines() == ["1", "1", ""]
