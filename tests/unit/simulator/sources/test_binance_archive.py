"""Binance's bulk files: their bytes, when they appear, and what is wrong with three of them."""

import hashlib
import json

import pytest

from simulator.zip_files import unzipped, zipped
from tests.unit.simulator.archive_requests import CLIENT, ROOT, agrees, path, rows
from tests.unit.simulator.asgi import NOW, Client

DAY = 86_400
FLAWS = CLIENT.get("/_venues").json["binance_archive"]


def klines(symbol, interval, start, end):
    query = f"symbol={symbol}&interval={interval}&startTime={start}&endTime={end}&limit=1000"
    return [list(map(str, row)) for row in CLIENT.get(f"/binance/api/v3/klines?{query}").json]


@pytest.mark.parametrize("interval", ["1h", "1d"])
def test_a_month_is_what_the_api_says_without_a_header_and_in_milliseconds(interval):
    klines_in_file = rows(path("monthly", "ETHUSDT", interval, "2024-05"))
    start = 1_714_521_600_000
    assert klines_in_file == klines("ETHUSDT", interval, start, start + 31 * DAY * 1_000 - 1)
    assert len(klines_in_file) == {"1h": 744, "1d": 31}[interval]


def test_times_are_microseconds_from_2025_on():
    (before, *_, last) = rows(path("daily", "BTCUSDT", "1h", "2024-12-31"))
    (after, *_) = rows(path("daily", "BTCUSDT", "1h", "2025-01-01"))
    assert (before[0], last[6]) == ("1735603200000", "1735689599999")
    assert (after[0], after[6]) == ("1735689600000000", "1735693199999999")


def test_checksum_and_headers_fit_the_file_and_its_bytes_are_the_same_for_ever():
    url = path("monthly", "BTCUSDT", "1d", "2025-06")
    reply = CLIENT.get(url)
    assert agrees(url)
    assert reply.body == Client().get(url).body != Client(seed=2).get(url).body
    assert reply.headers["content-type"] == "binary/octet-stream"
    assert reply.headers["last-modified"] == "Mon, 07 Jul 2025 04:00:00 GMT"
    assert reply.headers["etag"].strip('"') == hashlib.md5(reply.body).hexdigest()  # noqa: S324 - S3's own
    assert "content-encoding" not in CLIENT.get(url, accept_encoding="gzip").headers


def test_a_day_appears_in_the_night_after():
    client = Client()
    url = path("daily", "BTCUSDT", "1h", "2026-11-19")
    assert client.get(url).status == client.get(f"{url}.CHECKSUM").status == 404
    client.clock[0] = NOW // DAY * DAY + 4 * 3_600
    assert len(rows(url, client)) == 24


def test_a_month_appears_on_the_first_monday():
    client = Client()
    url = path("monthly", "BTCUSDT", "1d", "2026-10")  # November 2026 begins on a Sunday
    client.clock[0] = 1_793_577_600 + 4 * 3_600 - 1  # Monday, 2026-11-02
    assert client.get(url).status == 404
    client.clock[0] += 1
    assert len(rows(url, client)) == 31


@pytest.mark.parametrize(
    "url",
    [
        path("daily", "NOPEUSDT", "1h", "2026-11-01"),
        path("daily", "BTCUSDT", "1H", "2026-11-01"),
        path("daily", "BTCUSDT", "1h", "2026-11-31"),
        path("daily", "BTCUSDT", "1h", "2026-11"),
        path("monthly", "BTCUSDT", "1h", "2026-13"),
        path("monthly", "BTCUSDT", "1M", "2026-09"),
        path("daily", "BTCUSDT", "1w", "2026-11-01"),
        path("weekly", "BTCUSDT", "1h", "2026-11-01"),
        path("daily", "BTCUSDT", "1h", "2017-01-01"),
        path("daily", "OLDUSDT", "1h", "2024-07-01"),
        f"{ROOT}/daily/klines/BTCUSDT/1h/ETHUSDT-1h-2026-11-01.zip",
        "/binance_archive/nothing",
    ],
)
def test_what_is_not_there_is_refused_as_s3_does(url):
    reply = CLIENT.get(url)
    assert reply.status == 404
    assert reply.headers["content-type"].startswith("application/xml")
    assert "<Code>NoSuchKey</Code>" in reply.text


def test_months_of_weeks_and_of_months():
    assert len(rows(path("monthly", "BTCUSDT", "1mo", "2025-05"))) == 1
    assert [row[0] for row in rows(path("monthly", "BTCUSDT", "1w", "2024-12"))] == [
        str(1_733_097_600_000 + week * 7 * DAY * 1_000) for week in range(5)
    ]


def test_an_outage_is_a_hole_in_both_files_and_api():
    start = CLIENT.get("/_venues").json["binance"]["outages"][-1][0]
    klines_in_file = rows(path("daily", "ETHUSDT", "1h", start[:10]))
    assert len(klines_in_file) < 24
    assert klines_in_file == [
        [row[0] + "000", *row[1:6], str(int(row[6]) * 1_000 + 999), *row[7:]]
        for row in klines(
            "ETHUSDT",
            "1h",
            int(klines_in_file[0][0]) // 1_000,
            int(klines_in_file[0][0]) // 1_000 + DAY * 1_000 - 1,
        )
    ]


def test_one_day_has_a_wrong_checksum_and_its_month_a_right_one():
    flaw = FLAWS["checksum"]
    url = path("daily", flaw["symbol"], "1h", flaw["day"])
    assert not agrees(url)
    assert agrees(path("daily", "BTCUSDT", "1h", "2025-03-01"))
    assert agrees(path("monthly", flaw["symbol"], "1h", flaw["day"][:7]))


def test_one_day_is_missing_and_its_month_holds_it():
    flaw = FLAWS["missing"]
    assert CLIENT.get(path("daily", flaw["symbol"], "1d", flaw["day"])).status == 404
    assert len(rows(path("monthly", flaw["symbol"], "1d", flaw["day"][:7]))) >= 28


def test_one_day_has_a_hole_that_the_api_has_not():
    flaw = FLAWS["hole"]
    klines_in_file = rows(path("daily", flaw["symbol"], "1h", flaw["day"]))
    start = int(klines_in_file[0][0])
    assert len(klines(flaw["symbol"], "1h", start, start + DAY * 1_000 - 1)) - len(klines_in_file) == 3
    assert len(rows(path("daily", flaw["symbol"], "1d", flaw["day"]))) == 1


def test_a_shock_is_in_the_files_of_its_day():
    client = Client()
    client.put("/_market", {"asset": "BTC", "percent": 50})
    client.clock[0] += 2 * DAY
    url = path("daily", "BTCUSDT", "1d", "2026-11-20")
    shocked = float(rows(url, client)[0][4])
    client.send("DELETE", "/_market")
    assert shocked == pytest.approx(1.5 * float(rows(url, client)[0][4]), rel=1e-6)


def test_zips_do_not_depend_on_when_they_are_made():
    assert zipped("a.csv", "1,2\n", 1e9) == zipped("a.csv", "1,2\n", 1e9)
    assert unzipped(zipped("a.csv", "1,2\n", 1e9)) == ("a.csv", "1,2\n")


def test_the_archives_flaws_depend_on_the_seed_and_are_listed():
    assert set(FLAWS) == {"checksum", "hole", "missing"}
    assert json.dumps(FLAWS) != json.dumps(Client(seed=2).get("/_venues").json["binance_archive"])
