"""Binance's archive: which files are asked for, and that none is believed without its checksum."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable
from coinlake.http import HttpResponse
from coinlake.windows import Window
from ingest.errors import NotYet, Unlisted
from ingest.sources.binance_archive import BinanceArchive

SAMPLES = Path(__file__).parent / "samples"
DUE = datetime(2025, 1, 1, 6, 0, tzinfo=UTC)
NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
ASSETS = {"BTC": {"binance": "BTC"}, "ETH": {"binance": "ETH"}}
FILE = SAMPLES / "BTCUSDT-1h-2024-12-31.zip"
CHECKSUM = FILE.with_name(f"{FILE.name}.CHECKSUM").read_bytes()
MISSING = (SAMPLES / "binance_archive_404.xml").read_bytes()


def response(body, status=200, fetched_at=DUE):
    return HttpResponse("https://x/", status, body, fetched_at)


@dataclass
class FakeClient:
    answers: list
    requests: list = field(default_factory=list)

    def get(self, path, params, until, *, cost, low_priority, is_retryable, apply_rate_limit):
        self.requests.append(path)
        return self.answers.pop(0)


@pytest.fixture
def files(candles_feed):
    def plan(**changes):
        feed = candles_feed(source="binance_archive", quote="USDT", **{"lookback": 2, **changes})
        return BinanceArchive.plan(feed, ASSETS, DUE)

    return plan


@pytest.fixture
def day(files):
    return files(assets=("BTC",))[-1]


def month(asset="BTC", interval="1d", end=NEW_YEAR):
    period = f"{end.replace(month=12, year=end.year - 1):%Y-%m}"
    window = Window.of_period("binance_archive", "candles", asset, "USDT", interval=interval, period=period)
    return BinanceArchive.windows["candles"](window, asset)


def test_a_feed_asks_for_the_files_of_the_last_days(files):
    assert [one.name for one in files()] == [
        "BTC-USDT 2024-12-30",
        "BTC-USDT 2024-12-31",
        "ETH-USDT 2024-12-30",
        "ETH-USDT 2024-12-31",
    ]


def test_a_day_is_named_by_its_date_and_lies_where_its_window_ends(day):
    assert day.path == "/data/spot/daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-12-31.zip"
    assert str(day.key) == (
        "raw/source=binance_archive/dataset=candles/dt=2025-01-01/"
        "20250101T000000Z.BTC-USDT.1h.2024-12-31.zip.gz"
    )


def test_a_month_is_a_file_of_its_own():
    assert month().path == "/data/spot/monthly/klines/BTCUSDT/1d/BTCUSDT-1d-2024-12.zip"
    assert str(month().key).endswith("dt=2025-01-01/20250101T000000Z.BTC-USDT.1d.2024-12.zip.gz")


@pytest.mark.parametrize(
    ("changes", "message"), [({"lookback": 32}, "set lookback to 1 to 31"), ({"interval": "4d"}, "one of 1m")]
)
def test_a_feed_that_cannot_be_asked_for_says_what_to_change(files, changes, message):
    with pytest.raises(BadConfiguration, match=message):
        files(**changes)


def test_a_file_that_matches_its_checksum_is_returned(day):
    client = FakeClient([response(CHECKSUM), response(FILE.read_bytes())])
    assert BinanceArchive(client).fetch(day, 0.0).response.body == FILE.read_bytes()
    assert client.requests == [f"{day.path}.CHECKSUM", day.path]


def test_a_file_that_does_not_match_is_asked_for_once_more_with_its_checksum(day):
    client = FakeClient(
        [response(CHECKSUM), response(b"cut"), response(CHECKSUM), response(FILE.read_bytes())]
    )
    assert BinanceArchive(client).fetch(day, 0.0).response.body == FILE.read_bytes()
    assert client.requests == [f"{day.path}.CHECKSUM", day.path] * 2


@pytest.mark.parametrize(
    "checksum",
    [CHECKSUM, b"", b"<html>", b"0" * 64, CHECKSUM.replace(b"2024-12-31", b"2024-12-30"), CHECKSUM.upper()],
    ids=["other bytes", "empty", "page", "no name", "other file", "upper case"],
)
def test_a_file_that_no_checksum_confirms_is_never_returned(day, checksum):
    body = FILE.read_bytes() + (b"x" if checksum == CHECKSUM else b"")
    client = FakeClient([response(checksum), response(body)] * 2)
    with pytest.raises(SourceUnavailable, match="BTC-USDT 2024-12-31 does not match its checksum"):
        BinanceArchive(client).fetch(day, 0.0)


@pytest.mark.parametrize(
    ("fetched_at", "kind"),
    [(datetime(2025, 1, 2, 23, tzinfo=UTC), NotYet), (datetime(2025, 1, 3, tzinfo=UTC), Unlisted)],
)
def test_a_missing_day_may_come_within_two_days(day, fetched_at, kind):
    with pytest.raises(kind):
        BinanceArchive(FakeClient([response(MISSING, 404, fetched_at)])).fetch(day, 0.0)


@pytest.mark.parametrize(
    ("fetched_at", "kind"),
    [(datetime(2025, 1, 10, tzinfo=UTC), NotYet), (datetime(2025, 1, 11, tzinfo=UTC), Unlisted)],
)
def test_a_missing_month_may_come_until_its_first_monday_is_over(fetched_at, kind):
    with pytest.raises(kind):
        BinanceArchive(FakeClient([response(MISSING, 404, fetched_at)])).fetch(month(), 0.0)


@pytest.mark.parametrize(("status", "kind"), [(503, SourceUnavailable), (403, SourceRefused)])
def test_any_other_error_is_classified_by_its_status(day, status, kind):
    with pytest.raises(kind, match=f"HTTP {status} for BTC-USDT 2024-12-31"):
        BinanceArchive(FakeClient([response(b"", status)])).fetch(day, 0.0)
