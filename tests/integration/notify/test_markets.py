"""Parts of the refined zone in, mails out."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from coinlake import parquet
from coinlake.config import LakeConfig
from coinlake.keys import Partition, RefinedKey
from coinlake.stores import ObjectStore
from coinlake.tables import refined
from notify import handler as notify_handler
from ops.alerts.dry_run import DryRun
from tests.integration.notify.conftest import Line, configuration, now, rule

NOON = now().replace(hour=12, minute=0)


def refined_file(line: Line, table: str, partition: Partition, rows: list[dict[str, Any]]) -> str:
    """Write a file as refine does; columns that a row leaves out are null."""
    declared = refined()[table]
    known = [{name: row.get(name) for name in declared.schema.names} for row in rows]
    body = parquet.encode(declared, pa.Table.from_pylist(known, declared.schema))
    key = str(RefinedKey(table, partition))
    line.s3.put_object(Bucket="lake", Key=key, Body=body)
    return key


def spreads(line: Line, *prices: tuple[datetime, str, str]) -> str:
    """The month's spreads: (observed, source, price) beside a median of 100."""
    rows = [
        {"base": "BTC", "quote": "USD", "slot_time": at, "source": source, "observed_at": at}
        | {"price": Decimal(price), "venues": 3, "median": Decimal(100), "made_from": "quotes"}
        for at, source, price in prices
    ]
    return refined_file(line, "spreads", Partition.month(prices[-1][0]), rows)


def days(line: Line, newest: datetime, *closes: str) -> list[str]:
    """Days of one price each, the last one ``newest``, a file for each month; the newest key last."""
    rows = [
        {"source": "coinbase", "base": "BTC", "quote": "USD", "made_from": "1d"}
        | {"dt": f"{newest - timedelta(days=len(closes) - place):%Y-%m-%d}"}
        | dict.fromkeys(("open", "high", "low", "close", "volume"), Decimal(close))
        | {"peak": max(map(Decimal, closes[:place]))}
        | {"is_complete": place < len(closes), "has_gap": False}
        for place, close in enumerate(closes, start=1)
    ]
    months = sorted({row["dt"][:7] for row in rows})
    return [
        refined_file(
            line, "asset_days", Partition.month(month), [row for row in rows if row["dt"].startswith(month)]
        )
        for month in months
    ]


def configured(line: Line, **rules: dict[str, Any]) -> None:
    line.configure(configuration() | {"alert_rules": rules})


def test_a_spread_is_mailed_once_however_often_refine_writes_the_part(line):
    configured(line, apart=rule(spread_bps=30))
    key = spreads(line, (now(), "coinbase", "100.5"), (now(), "coingecko", "100.1"))
    for _ in range(3):
        assert line.announce(key, key) == []
    [mail] = line.mails()
    assert mail["Subject"] == "[coinlake] BTC 50.0 bps above the median: 100.50 USD on coinbase"


def test_a_spread_within_the_last_hour_counts_and_an_older_one_does_not(line):
    configured(line, apart=rule(spread_bps=30))
    start = now() - timedelta(minutes=90)
    line.announce(spreads(line, (start, "coinbase", "101"), (now(), "coinbase", "100")))
    assert line.mails() == []
    recent = now() - timedelta(minutes=50)
    line.announce(spreads(line, (recent, "coinbase", "99"), (now(), "coinbase", "100")))
    [mail] = line.mails()
    assert "100.0 bps below the median" in mail["Subject"]


def test_the_cooldown_of_a_spread_counts_for_each_source(line):
    configured(line, apart=rule(spread_bps=30, cooldown_minutes=20))
    times = [now() - timedelta(minutes=back) for back in (40, 30, 20, 0)]
    line.announce(spreads(line, *((at, "coinbase", "101") for at in times)))
    assert len(line.mails()) == 3
    line.announce(spreads(line, (times[0], "coingecko", "101"), (times[3], "coinbase", "101")))
    assert len(line.mails()) == 4


@pytest.mark.parametrize(
    ("level", "closes", "subject"),
    [
        ({"drawdown_percent": 20}, ["100", "80"], "20.0 % below its peak: 80.00 USD"),
        ({"new_high_days": 0}, [*["100"] * 40, "101"], "new high of all days in the lake: 101.00 USD"),
        ({"new_low_days": 30}, ["90", *["100"] * 30, "95"], "new low of 30 days: 95.00 USD"),
        ({"volume_times": 3, "window_days": 40}, [*["100"] * 40, "300"], "3.0 times its usual volume"),
    ],
)
def test_a_days_rule_fires_on_the_running_day_across_months(line, level, closes, subject):
    configured(line, daily=rule(**level))
    newest = days(line, now(), *closes)[-1]
    for _ in range(2):
        assert line.announce(newest) == []
    [mail] = line.mails()
    assert subject in mail["Subject"]


def test_a_lower_price_long_ago_is_found_however_many_months_back(line):
    configured(line, low=rule(new_low_days=0))
    line.announce(days(line, now(), "80", *["100"] * 70, "90")[-1])
    assert line.mails() == []


def test_yesterday_and_today_are_a_mail_each_and_older_days_are_no_news(line):
    configured(line, down=rule(drawdown_percent=20))
    yesterday = now() - timedelta(days=1)
    line.announce(*days(line, yesterday, "100", "80", "80", "80"))
    assert len(line.mails()) == 1
    line.announce(*days(line, now(), "100", "80", "80", "80", "80"))
    assert len(line.mails()) == 2


def test_a_part_that_no_rule_reads_is_not_even_fetched(line):
    month = Partition.month(now())
    configured(line, high=rule(above=75000))
    gone = [
        str(RefinedKey("spreads", month)),
        str(RefinedKey("asset_days", month)),
        str(RefinedKey("latest", Partition())),
    ]
    assert line.announce(*gone, str(RefinedKey("quotes", Partition.day(now())))) == []
    configured(line, apart=rule(spread_bps=30), down=rule(drawdown_percent=20))
    assert (
        line.announce(
            str(RefinedKey("spreads", Partition.month("2020-01"))),
            str(RefinedKey("asset_days", Partition.month("2020-01"))),
        )
        == []
    )
    assert line.mails() == []


def test_a_part_that_refine_did_not_write_so_is_counted_and_done_with(line):
    configured(line, apart=rule(spread_bps=30))
    key = spreads(line, (now(), "coinbase", "101"))
    line.s3.put_object(Bucket="lake", Key=key, Body=b"no parquet")
    assert line.announce(key, "refined/spreads/part.txt") == []
    assert line.mails() == []


def digested(line: Line, **changes: Any) -> None:
    """A configuration with a digest at noon, and a lake with prices of 11:55."""
    line.configure(configuration() | {"alert_rules": {}, "digest": {"at": "12:00", "movers": 2} | changes})
    rows = [
        {"source": source, "base": base, "quote": "USD", "observed_at": NOON - timedelta(minutes=5)}
        | {"price": Decimal("1.5"), "change_24h_percent": change, "volume_24h_quote": Decimal(10**6)}
        | {"market_cap": cap, "made_from": "quotes", "raw_symbol": base, "received_at": NOON}
        | {"age_seconds": 1, "raw_key": "raw/x"}
        for source, base, change, cap in (
            ("coingecko", "BTC", 2.5, Decimal(10)),
            ("coingecko", "ETH", -1.5, Decimal(5)),
            ("coinbase", "SOL", 90.0, None),
            ("coinbase", "ADA", 80.0, None),
            ("coinbase", "XRP", 70.0, None),
        )
    ]
    refined_file(line, "latest", Partition(), rows)
    day = {"dt": f"{NOON:%Y-%m-%d}", "source": "coingecko", "quote": "USD", "assets": 2, "assets_up": 1}
    day |= {"assets_down": 1, "total_market_cap": Decimal(15), "sentiment": 61, "classification": "Greed"}
    refined_file(line, "market_days", Partition.of({"year": NOON.year}), [day])


def test_the_digest_is_mailed_once_a_day_by_the_first_watch_after_its_time(line):
    digested(line)
    for minutes in (-5, 0, 5, 10, 55):
        line.watch(NOON + timedelta(minutes=minutes))
    [mail] = [mail for mail in line.mails() if "assets up" in mail["Subject"]]
    assert mail["Subject"] == f"[coinlake] {NOON:%Y-%m-%d}: 1 of 2 assets up, led by BTC +2.5 %"
    assert "fear and greed index 61 (Greed)" in mail["Message"]
    assert "SOL" not in mail["Message"]


def test_a_digest_of_two_minutes_to_midnight_is_mailed_by_the_first_watch_of_the_next_day(line):
    midnight = NOON.replace(hour=0)
    digested(line, at="23:58")
    for minutes in (-5, 0, 5, 10, 50, 60):
        line.watch(midnight + timedelta(minutes=minutes))
    [mail] = [mail for mail in line.mails() if "assets up" in mail["Subject"]]
    assert f"{midnight - timedelta(days=1):%Y-%m-%d}" in mail["Subject"]


@pytest.mark.parametrize("days", [["2026-12-31"], ["2026-12-30", "2026-12-31", "2027-01-01"]])
def test_the_digest_of_new_year_tells_the_market_of_the_newest_day_there_is(line, days):
    digested(line)
    for day in days:
        row = {"dt": day, "source": "coingecko", "quote": "USD", "total_market_cap": Decimal(15)}
        refined_file(line, "market_days", Partition.of({"year": int(day[:4])}), [row])
    digest = notify_handler.stage().watch.digest
    assert digest._market_day(date(2027, 1, 1)).dt == days[-1]


def test_a_watch_an_hour_late_mails_no_digest_and_none_is_sent_without_the_setting(line):
    digested(line)
    line.watch(NOON + timedelta(minutes=60))
    line.configure(configuration() | {"alert_rules": {}})
    line.watch(NOON)
    assert not [mail for mail in line.mails() if "assets up" in mail["Subject"]]


def test_a_digest_waits_for_prices_of_the_day(line):
    digested(line)
    key = str(RefinedKey("latest", Partition()))
    body = line.s3.get_object(Bucket="lake", Key=key)["Body"].read()
    line.s3.delete_object(Bucket="lake", Key=key)
    line.watch(NOON)
    assert not [mail for mail in line.mails() if "assets up" in mail["Subject"]]
    line.s3.put_object(Bucket="lake", Key=key, Body=body)
    line.watch(NOON + timedelta(minutes=5))
    assert len([mail for mail in line.mails() if "assets up" in mail["Subject"]]) == 1


def test_the_alerts_command_finds_on_the_same_data_what_notify_mails(line):
    document = configuration() | {"alert_rules": {"high": rule(above=1), "apart": rule(spread_bps=30)}}
    document["alert_rules"] |= {"down": rule(drawdown_percent=20), "quiet": rule(below=1)}
    line.configure(document)
    quoted = line.quotes({"price": "77361.43", "observed_at": now()})
    line.announce(quoted, spreads(line, (now(), "coinbase", "99")), *days(line, now(), "100", "80"))
    config = LakeConfig.from_json(json.dumps(document).encode())
    fired = DryRun.of(ObjectStore(line.s3, "lake"), config, now().date()).fired()
    assert sorted(alert.first.mail.subject for alert in fired) == sorted(
        mail["Subject"] for mail in line.mails()
    )
    assert {alert.name for alert in fired} == {"high", "apart", "down"}
