"""audit over moto's lake; Lambda, which would be ingest, is a fake."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq
import pytest

from audit import handler, wiring
from coinlake.keys import GapsKey, Partition
from tests.integration.audit.lake import HOUR, NOW, START

CONFIG = {
    "assets": {"BTC": {"coinbase": "BTC"}, "ETH": {"coinbase": "ETH"}, "XRP": {"binance": "XRP"}},
    "sources": {},
    "feeds": {
        "coinbase_candles": {
            "source": "coinbase",
            "dataset": "candles",
            "quote": "USD",
            "interval": "1h",
            "assets": ["BTC", "ETH", "XRP"],
            "top": None,
            "lookback": 24,
            "stale_after_minutes": 150,
            "enabled": True,
        }
    },
    "alert_rules": {},
    "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
    "private_sources": False,
    "environment": "local",
}


@dataclass
class FakeIngest:
    """Lambda's ``invoke`` as ingest answers it: with ``outcome``, or a failure where that is None."""

    outcome: str | None = "landed"
    requests: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:
        assert FunctionName == "coinlake-test-ingest"
        self.requests.append(json.loads(Payload)["window"])
        failure = {} if self.outcome else {"FunctionError": "Unhandled"}
        body = {"key": "raw/key" if self.outcome == "landed" else None, "outcome": self.outcome}
        return {"Payload": io.BytesIO(json.dumps(body).encode()), **failure}


@pytest.fixture
def ingest(s3: Any, monkeypatch: pytest.MonkeyPatch) -> FakeIngest:
    s3.put_object(Bucket="artifacts", Key="config", Body=json.dumps(CONFIG).encode())
    for name, value in {
        "LAKE_BUCKET": "lake",
        "CONFIG_BUCKET": "artifacts",
        "CONFIG_KEY": "config",
        "INGEST_FUNCTION": "coinlake-test-ingest",
    }.items():
        monkeypatch.setenv(name, value)
    fake = FakeIngest()
    monkeypatch.setattr(wiring, "_lambda_client", lambda: fake)
    monkeypatch.setattr(wiring, "_now", lambda: NOW)
    handler.stage.cache_clear()
    return fake


@pytest.fixture
def evidences(s3: Any) -> Any:
    """The evidence of a run of the month, by base and first hour."""

    def of(base: str, hour: int) -> str | None:
        key = str(GapsKey("coinbase", Partition.month("2026-11", interval="1h")))
        body = s3.get_object(Bucket="lake", Key=key)["Body"].read()
        rows = pq.read_table(io.BytesIO(body)).to_pylist()
        return next(
            row["evidence"] for row in rows if row["base"] == base and row["open_time"] == START + hour * HOUR
        )

    return of
