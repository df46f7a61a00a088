"""Recorded answers of every source through the whole function, on moto."""

import gzip

import pytest

from coinlake.keys import RawKey
from tests.unit.transform.answers import RECEIVED
from tests.unit.transform.recorded import SAMPLES

TABLES = {
    "BTCUSDT-1h-2024-12-31.zip": ["candles/interval=1h/month=2024-12"],
    "alternative_me_fng.json": ["sentiment/dt=2026-11-20"],
    "binance_exchange_info.json": ["assets/dt=2026-11-20"],
    "coinbase_ticker.json": ["quotes/dt=2026-11-20"],
    "coincap_v3_rates.json": ["rates/dt=2026-11-20"],
    "coingecko_coins_list.json": ["assets/dt=2026-11-20"],
    "coingecko_market_chart_range.json": ["price_points/month=2026-11"],
    "coingecko_ohlc_days365_4day.json": ["candles/interval=4d/month=2026-11"],
}


def without_base(table):
    """The rows but for what depends on the asset map."""
    return [{**row, "base": None} for row in table.to_pylist()]


@pytest.mark.parametrize(("file", "folders"), TABLES.items())
def test_an_answer_becomes_parquet_that_holds_exactly_its_rows(line, file, folders):
    sample = SAMPLES[file]
    body = gzip.compress(sample.body, mtime=0)
    assert line.run(line.put(sample.key, body, fetched_at=RECEIVED)) == []
    key = RawKey.parse(sample.key)
    name = f"{key.source}.{key.dataset}.{key.slot}.parquet"
    outputs = [f"trusted/{folder}/{name}" for folder in folders]
    assert set(line.everything()) == {*outputs, str(key.ledger())}
    expected = [without_base(part.rows) for part in sample.read().slices]
    assert [without_base(line.table(output)) for output in outputs] == expected
    assert line.calls == ["GetObject", *["PutObject"] * len(folders), "PutObject"]


def test_the_archive_finds_its_assets_under_the_exchange(line):
    sample = SAMPLES["BTCUSDT-1h-2026-11-19.zip"]
    line.run(line.put(sample.key, gzip.compress(sample.body, mtime=0), fetched_at=RECEIVED))
    (trusted,) = (key for key in line.everything() if key.startswith("trusted/"))
    rows = line.table(trusted).to_pylist()
    assert {(row["source"], row["base"]) for row in rows} == {("binance", "BTC")}
    assert len(rows) == 24


def test_a_damaged_archive_is_one_quarantined_row(line):
    sample = SAMPLES["BTCUSDT-1h-2026-11-19.zip"]
    line.run(line.put(sample.key, gzip.compress(sample.body[:-30], mtime=0), fetched_at=RECEIVED))
    key = RawKey.parse(sample.key)
    assert set(line.everything()) == {str(key.quarantine()), str(key.ledger())}
    assert line.ledger(str(key.ledger())).reasons == {"bad_zip": 1}
