"""Everything around a collector under test: a venue, an AWS, certificates, and what ended in raw."""

import gzip
import json
import os
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

from coinlake.keys import RawKey
from coinlake.stores import StoredObject
from tests.integration.stream.faulty_aws import FaultyAws
from tests.integration.stream.process import ROOT, CollectorProcess
from tests.integration.stream.venue import Venue
from transform.model import AssetMap
from transform.pipeline import parse

SHORT_TIMEOUTS = {
    "ping_seconds": 0.5,
    "pong_seconds": 0.7,
    "silence_seconds": 5.0,
    "close_seconds": 0.3,
    "reply_seconds": 2.0,
    "open_seconds": 3.0,
    "overlap_seconds": 0.3,
    "commit_seconds": 0.05,
    "settle_seconds": 0.3,
    "refill_retry_seconds": 0.3,
    "healthy_seconds": 1.0,
    "stop_seconds": 60.0,
}


@dataclass
class Rig:
    """A venue, an AWS and a collector; ``read`` is what was read of raw."""

    venue: Venue
    aws: FaultyAws
    collector: CollectorProcess
    spool: Path
    read: dict[str, bytes] = field(default_factory=dict)

    def start(self) -> None:
        """Start the collector, and wait until it is subscribed to every trade."""
        wanted = {f"{symbol}@trade" for symbol in self.venue.symbols}
        self.collector.start()
        self.collector.until(lambda _: any(one.streams >= wanted for one in list(self.venue.clients)))

    def objects(self, dataset: str) -> Iterator[tuple[RawKey, bytes]]:
        """What lies in raw of a dataset."""
        for key in self.aws.listed():
            parsed = RawKey.parse(key)
            if parsed.dataset == dataset:
                if key not in self.read:  # an object never changes
                    stored = self.aws.s3.get_object(Bucket="raw", Key=key)["Body"].read()
                    self.read[key] = gzip.decompress(stored)
                yield parsed, self.read[key]

    def lines(self, dataset: str) -> list[dict[str, Any]]:
        return [json.loads(line) for _, body in self.objects(dataset) for line in body.splitlines()]

    def trades(self) -> Counter[tuple[str, int]]:
        """How often each trade lies in raw, by symbol and id."""
        live = (line["frame"]["data"] for line in self.lines("trades"))
        trades = Counter((data["s"].lower(), data["t"]) for data in live)
        for key, body in self.objects("trade_history"):
            symbol = key.slot.parts[0].replace("-", "").lower()
            trades.update((symbol, entry["id"]) for entry in json.loads(body))
        return trades

    def trusted(self) -> tuple[Counter[tuple[str, int]], int]:
        """How often each trade lies in trusted, by transform's own parser; how many rows it rejects."""
        trades: Counter[tuple[str, int]] = Counter()
        rejected = 0
        for key in self.aws.listed():
            stored = self.aws.s3.get_object(Bucket="raw", Key=key)
            body = stored["Body"].read()
            raw = StoredObject(body, stored["ETag"], stored["Metadata"], stored["LastModified"])
            assets = AssetMap(lambda source, name: f"{source}:{name}")
            parsed = parse(raw, RawKey.parse(key), assets, 1 << 26)
            rejected += len(parsed.rejections)
            for part in parsed.slices:
                if part.table == "trades":
                    symbols, ids = (part.rows[name].to_pylist() for name in ("raw_symbol", "trade_id"))
                    trades.update(
                        (symbol.lower(), number) for symbol, number in zip(symbols, ids, strict=True)
                    )
        return trades, rejected

    def gaps(self) -> list[dict[str, Any]]:
        return [line["frame"] for line in self.lines("stream_gaps")]


def configuration(**rest_urls: str) -> bytes:
    """As terraform/config.tf renders it, with each source's REST at its address."""
    common = {"requests_per_minute": 60_000, "api_key_header": None, "api_key_parameter": None}
    return json.dumps(
        {
            "assets": {"BTC": {"binance": "BTC"}},
            "sources": {name: {"base_url": url, **common} for name, url in rest_urls.items()},
            "feeds": {},
            "alert_rules": {},
            "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
            "private_sources": True,
            "environment": "local",
        }
    ).encode()


def surroundings(
    folder: Path, aws: FaultyAws, streams: dict[str, Any], urls: dict[str, str]
) -> dict[str, str]:
    """A collector's environment; its spool and the authority's certificate lie in ``folder``."""
    code = (ROOT, ROOT / "functions", ROOT / "layers" / "coinlake" / "python")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, code)),
        "POWERTOOLS_SERVICE_NAME": "stream",
        "POWERTOOLS_METRICS_NAMESPACE": "coinlake",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws.endpoint,
        "REQUESTS_CA_BUNDLE": str(folder / "ca.pem"),
        "RAW_BUCKET": "raw",
        "CONFIG_BUCKET": "artifacts",
        "CONFIG_KEY": "config.json",
        "LATEST_TABLE": "latest",
        "STREAMS": json.dumps(streams),
        "SPOOL_DIR": str(folder / "spool"),
        "URLS": json.dumps(urls),
        "PRIVATE_SOURCES": "true",
        "BATCH_SECONDS": "1",
        "LATEST_SECONDS": "1",
    }


@contextmanager
def prepared(
    folder: Path,
    symbols: tuple[str, ...],
    extra: tuple[str, ...] = (),
    *,
    timeouts: dict[str, float] | None = None,
    seed: int = 1,
    **settings: str,
) -> Iterator[Rig]:
    """A collector that is not started yet, of the symbols' trades and the ``extra`` streams."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with FaultyAws(seed) as aws, Venue(symbols, tls) as venue:
        aws.s3.put_object(Bucket="artifacts", Key="config.json", Body=configuration(binance=venue.rest_url))
        streams = [*(f"{symbol}@trade" for symbol in symbols), *extra]
        environment = surroundings(folder, aws, {"streams": streams}, {"binance": venue.url}) | settings
        collector = CollectorProcess(
            environment, {**SHORT_TIMEOUTS, **(timeouts or {})}, folder / "collector.log"
        )
        try:
            yield Rig(venue, aws, collector, folder / "spool")
        finally:
            collector.end()
