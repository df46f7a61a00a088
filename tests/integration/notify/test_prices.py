"""Trusted objects in, mails out."""

from datetime import timedelta
from decimal import Decimal

from tests.integration.notify.conftest import configuration, now, rule


def test_a_price_above_its_level_is_mailed_once_however_often_the_event_comes(line):
    key = line.quotes({"price": "77361.43"}, {"base": "ETH", "price": "80000"})
    for _ in range(10):
        assert line.announce(key, key) == []
    [mail] = line.mails()
    assert mail["Subject"] == "[coinlake] BTC above 75,000 USD: 77,361.43 USD on coingecko"
    assert key in mail["Message"]
    assert "Data provided by CoinGecko (https://www.coingecko.com)" in mail["Message"]


def test_the_sent_mail_is_logged_for_the_status_command(line):
    line.announce(line.quotes({"price": "77361.43"}))
    [entry] = line.items("sent")
    assert entry["rule"] == {"S": "btc-high"}
    assert entry["subject"]["S"] == line.mails()[0]["Subject"]
    assert int(entry["expires_at"]["N"]) > (now() + timedelta(days=29)).timestamp()


def test_prices_within_the_cooldown_are_not_mailed_and_the_next_one_after_it_is(line):
    start = now() - timedelta(hours=2)
    for minutes, mails in ((0, 1), (5, 1), (59, 1), (60, 2), (65, 2)):
        line.announce(line.quotes({"price": "76000"}, due=start + timedelta(minutes=minutes)))
        assert len(line.mails()) == mails, minutes


def test_an_older_price_that_arrives_late_is_not_mailed(line):
    line.announce(line.quotes({"price": "76000"}, due=now()))
    line.announce(line.quotes({"price": "76000"}, due=now() - timedelta(hours=3)))
    assert len(line.mails()) == 1


def test_a_price_older_than_a_day_is_no_news(line):
    line.announce(line.quotes({"price": "76000"}, due=now() - timedelta(days=1, minutes=1)))
    stale_coin = line.quotes({"price": "76000", "observed_at": now() - timedelta(days=2)})
    assert line.announce(stale_coin) == []
    assert line.mails() == []


def test_each_source_has_its_own_cooldown_and_a_rule_may_name_one(line):
    document = configuration()
    document["alert_rules"] = {
        "any": rule(above=75000),
        "coinbase-only": rule(above=75000, source="coinbase"),
    }
    line.configure(document)
    end = now().replace(minute=0)
    line.announce(line.quotes({"price": "76000"}), line.candles(end, ["76000"]))
    assert sorted(entry["rule"]["S"] for entry in line.items("sent")) == ["any", "any", "coinbase-only"]
    assert len(line.mails()) == 3


def test_only_closed_candles_count_and_only_the_latest_few(line):
    end = now().replace(minute=0)
    line.announce(line.candles(end, ["76000"], closed=False))
    line.announce(line.candles(end, ["76000", "1", "2", "3"]))
    assert line.mails() == []
    line.announce(line.candles(end + timedelta(hours=1), ["1", "76000", "2", "3"]))
    [mail] = line.mails()
    assert "76,000.00 USD on coinbase" in mail["Subject"]


def test_a_change_over_the_window_is_measured_from_the_last_price_before_it(line):
    document = configuration()
    document["alert_rules"] = {"btc-moves": rule(change_percent=5, window_minutes=30)}
    line.configure(document)
    start = now() - timedelta(minutes=35)
    for minutes, price in ((0, "100"), (5, "102"), (20, "101"), (35, "107.1")):
        line.announce(line.quotes({"price": price}, due=start + timedelta(minutes=minutes)))
    [mail] = line.mails()
    assert mail["Subject"] == "[coinlake] BTC +5.0 % in 30 min: 107.10 USD on coingecko"
    assert "102.00 USD at" in mail["Message"]


def test_a_change_is_not_measured_from_a_price_much_older_than_the_window(line):
    document = configuration()
    document["alert_rules"] = {"btc-moves": rule(change_percent=5, window_minutes=30)}
    line.configure(document)
    line.announce(line.quotes({"price": "100"}, due=now() - timedelta(minutes=51)))
    line.announce(line.quotes({"price": "200"}, due=now()))
    assert line.mails() == []


def test_prices_are_remembered_only_where_a_change_rule_needs_them(line):
    document = configuration()
    document["alert_rules"]["eth-moves"] = rule(asset="ETH", change_percent=5, window_minutes=60)
    line.configure(document)
    line.announce(line.quotes({"price": "1"}, {"base": "ETH", "price": "2.5"}))
    [item] = line.items("price#coingecko#ETH#USD")
    assert Decimal(item["price"]["S"]) == Decimal("2.5")
    kept = int(item["expires_at"]["N"]) - now().timestamp()
    assert kept == timedelta(days=1, minutes=95).total_seconds()
    assert line.items("price#coingecko#BTC#USD") == []


def test_the_feeds_newest_slot_is_recorded_whatever_the_order(line):
    newest = now()
    for due in (newest - timedelta(minutes=5), newest, newest - timedelta(minutes=10)):
        line.announce(line.quotes({"price": "1"}, due=due))
    [item] = line.items("feed#top")
    assert item["sk"] == {"S": "latest"}
    assert item["slot_time"]["S"] == newest.isoformat(timespec="microseconds")


def test_without_a_rule_for_the_source_the_object_is_not_even_read(line):
    document = configuration()
    document["alert_rules"] = {}
    line.configure(document)
    key = line.quotes({"price": "1"})
    line.s3.delete_object(Bucket="lake", Key=key)
    assert line.announce(key) == []
    assert len(line.items("feed#top")) == 1


def test_bars_longer_than_the_window_cannot_show_a_change_within_it(line):
    document = configuration()
    document["alert_rules"] = {"btc-moves": rule(change_percent=5, window_minutes=30)}
    line.configure(document)
    hour = now().replace(minute=0)
    line.announce(line.candles(hour - timedelta(hours=1), ["100"]), line.candles(hour, ["200"]))
    assert line.mails() == []


def test_a_mail_of_a_deployed_environment_says_which_and_how_to_reach_it(line):
    line.configure(configuration() | {"environment": "dev"})
    line.announce(line.quotes({"price": "77361.43"}))
    [mail] = line.mails()
    assert mail["Subject"].startswith("[coinlake dev] BTC above")
    assert "Add --env dev to coinlake's commands" in mail["Message"]
