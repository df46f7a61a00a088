"""Every recorded answer and every live frame gives the same objects as ever, to the byte.

``golden_bytes/<source>.json`` holds, for each raw object, the keys that transform writes and the SHA-256 of
their bytes: Parquet, quarantine and ledger. After a change that is meant to alter them, or for a new source,
write it anew with

    UPDATE_GOLDEN=1 python -m pytest tests/integration/transform/test_golden_bytes.py

and explain the difference in the commit.
"""

import gzip
import hashlib
import json
import os
from pathlib import Path

import pytest

from coinlake.keys import RawKey
from tests.unit.transform import frames
from tests.unit.transform.answers import RECEIVED, Sample
from tests.unit.transform.conftest import CANDLES, COINS, TICKERS
from tests.unit.transform.readers import test_json_lines
from tests.unit.transform.recorded import ERRORS, LIVE, SAMPLES, WITHOUT_ROWS

GOLDEN = Path(__file__).with_name("golden_bytes")
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))
MIDNIGHT = 1796083200000  # 2026-12-01
MANY = 300  # enough lines for a block that is read whole, and for one that is halved


def recorded():
    """Each sample as it is, cut short, damaged and under a slot that is not its own; each recorded error."""
    for name, sample in SAMPLES.items():
        yield name, sample.key, sample.body
        yield f"{name}, cut short", sample.key, sample.body[: len(sample.body) // 2]
    no_zip = Sample("binance_archive", "candles", "BTC-USDT.1h.2026-11-19", "binance_archive_error_404.xml")
    for sample in (*ERRORS, *WITHOUT_ROWS, no_zip):
        yield f"{sample.source} {sample.dataset} {sample.file}", sample.key, sample.body
    for name, sample in SAMPLES.items():
        if sample.ext == "json":
            yield f"{name}, with odd rows", sample.key, odd(json.loads(sample.body))
            slot = sample.key.replace(f"Z.{sample.slot}.", "Z.x.y.z.1.")
            yield f"{name}, of another slot", slot, sample.body


def odd(document):
    """The same document: each list of rows with its first row twice, and with values that are no rows."""

    def damaged(value, level=0):
        if isinstance(value, list) and value and level < 3:
            first = value[0]
            changed = [first, *value, None, 7, "x", [], {}]
            if isinstance(first, dict):
                changed += [{**first, name: bad} for name in first for bad in (None, True, "x", -1, 10**40)]
                changed += [{**first, "zz": 1}]
            if isinstance(first, list):
                changed += [
                    [*first[:place], bad, *first[place + 1 :]]
                    for place in range(len(first))
                    for bad in (None, True, "x", -1, "0.1234567890123456789")
                ]
                changed += [[*first, "more"]]
            return changed
        if isinstance(value, dict):
            return {name: damaged(inner, level + 1) for name, inner in value.items()}
        return value

    return json.dumps(damaged(document)).encode()


def live():
    """Each live dataset: good frames read whole, then bad ones among them."""
    for where, dataset in LIVE.items():
        name, key, make, bad = " ".join(where), frames.key(*where), dataset.make, dataset.bad
        good = dataset.lines(MANY)
        wrong = [frames.line(make(**change)) for code in sorted(bad) for change in bad[code]]
        yield f"{name}, good", key, lines(good)
        yield f"{name}, one bad", key, lines([*good[:100], "{", *good[100:]])
        yield f"{name}, repeated", key, lines([*good, *good[10:20]])
        yield f"{name}, bad", key, lines([*good[:50], *wrong, *good[50:]])
        yield f"{name}, another field", key, lines([frames.line(make(zz=1)), *good])
    make = LIVE["binance", "trades"].make
    markets = ("BTCUSDT", "ETHUSDT", "BTCUSDC", "ETHBTC", "BNBEUR", "USDTTRY", "ETHFDUSD")
    yield (
        "binance trades, of several markets",
        frames.key("binance", "trades"),
        lines(
            frames.line(make(s=name, stream=f"{name.lower()}@trade", t=10**power))
            for power in range(12)
            for name in markets
        ),
    )
    make = LIVE["binance", "klines"].make
    bars = [("1m", MIDNIGHT - 60_000, 60_000), ("1m", MIDNIGHT, 60_000), ("5m", MIDNIGHT, 300_000)]
    yield (
        "binance klines, of several partitions",
        frames.key("binance", "klines").replace("2026-11-20", "2026-12-01").replace("20261120", "20261201"),
        lines(
            frames.line(
                make(i=i, stream=f"btcusdt@kline_{i}", t=t, T=t + size - 1, E=t + 60_001, x=t < MIDNIGHT),
                received_at=MIDNIGHT * 1000 + 5000,
            )
            for i, t, size in bars
        ),
    )
    ticks = [test_json_lines.line(E=test_json_lines.SENT - number) for number in range(MANY)]
    wrong = [text for texts in test_json_lines.CASES.values() for text in texts]
    yield "binance tickers, good", TICKERS, lines(ticks)
    yield "binance tickers, bad", TICKERS, lines([*ticks[:50], *wrong, *ticks[50:]])


def whole():
    """Objects that are bad as a whole, or that no parser reads."""
    for name, key in (("coins", COINS), ("candles", CANDLES), ("tickers", TICKERS)):
        yield f"{name}: empty object", key, None
        yield f"{name}: empty", key, b""
        yield f"{name}: deep", key, b"[" * 70
        yield f"{name}: not UTF-8", key, b"\xff"
        yield f"{name}: bomb", key, bytes(5 << 20)
    yield "no such source", CANDLES.replace("coinbase", "nowhere"), b"[]"
    yield "no such dataset", CANDLES.replace("candles", "nothing"), b"[]"
    yield "no such extension", CANDLES.replace(".json.gz", ".csv.gz"), b"[]"


def source_of(key):
    return RawKey.parse(key).source


def lines(texts):
    return b"\n".join(text.encode() if isinstance(text, str) else text for text in texts)


CASES = {name: (key, body) for name, key, body in [*recorded(), *live(), *whole()]}


@pytest.mark.parametrize("source", sorted({source_of(key) for key, _ in CASES.values()}))
def test_every_object_has_the_bytes_it_always_had(line, source):
    line.start(MAX_RAW_MB="4")
    written = {}
    for name, (key, body) in CASES.items():
        if source_of(key) != source:
            continue
        packed = b"" if body is None else gzip.compress(body, mtime=0)
        assert line.run(line.put(key, packed, fetched_at=RECEIVED, url="https://x.test/?ids=")) == []
        written[name] = {
            output: hashlib.sha256(stored).hexdigest() for output, stored in line.everything().items()
        }
        for output in written[name]:
            line.s3.delete_object(Bucket="lake", Key=output)
    file = GOLDEN / f"{source}.json"
    if UPDATE:
        file.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
    golden = json.loads(file.read_text())
    assert set(written) == set(golden)
    assert [name for name in golden if written[name] != golden[name]] == []
