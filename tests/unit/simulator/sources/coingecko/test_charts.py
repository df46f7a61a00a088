"""CoinGecko's past: granularity, jitter, the trailing "now", close-stamped bodies, the 365 days."""

from itertools import pairwise

import pytest

from simulator.market.market import Market
from tests.unit.simulator.asgi import COINGECKO, NOW, Client

CLIENT = Client()
DAY = 86_400


def chart(parameters, coin="bitcoin", client=CLIENT):
    return client.get(f"{COINGECKO}/coins/{coin}/market_chart?vs_currency=usd&{parameters}")


def stamps(body):
    return [point[0] for point in body["prices"]]


@pytest.mark.parametrize(
    ("parameters", "step", "points"),
    [
        ("days=1", 300, 288),
        ("days=2", 3_600, 48),
        ("days=90", 3_600, 2_160),
        ("days=7&interval=daily", DAY, 7),
        ("days=100&interval=hourly", 3_600, 2_400),
        ("days=365", DAY, 365),
    ],
)
def test_granularity_follows_the_days_or_the_interval(parameters, step, points):
    body = chart(parameters).json
    assert list(body) == ["prices", "market_caps", "total_volumes"]
    assert len({len(series) for series in body.values()}) == 1
    buckets = [stamp // (step * 1_000) for stamp in stamps(body)[:-1]]
    assert abs(len(buckets) - points) <= 1
    assert {later - earlier for earlier, later in pairwise(buckets)} == {1}


def test_intraday_points_are_late_by_seconds_and_days_are_not():
    late = [stamp % 300_000 for stamp in stamps(chart("days=1").json)[:-1]]
    assert len(set(late)) > 200 and max(late) < 60_000
    assert {stamp % (DAY * 1_000) for stamp in stamps(chart("days=365").json)[:-1]} == {0}


def test_the_last_point_is_the_current_quote():
    quote = CLIENT.get(f"{COINGECKO}/simple/price?ids=bitcoin&vs_currencies=usd&precision=full").json
    for days in (1, 30, 365):
        body = chart(f"days={days}").json
        assert body["prices"][-1][1] == quote["bitcoin"]["usd"]
        assert NOW - 60 < body["prices"][-1][0] / 1_000 <= NOW


def test_the_day_just_begun_shows_ten_minutes_after_midnight():
    midnight = 1_795_132_800_000
    client = Client()
    assert midnight not in stamps(chart("days=365", client=client).json)
    client.clock[0] = midnight / 1_000 + 720
    assert midnight in stamps(chart("days=365", client=client).json)


def test_a_point_is_the_price_of_its_moment():
    market = Market(1, lambda: NOW)
    coin = market.by_id["bitcoin"]
    for stamp, price in chart("days=1").json["prices"]:
        assert price == market.price(coin, stamp / 1_000)


def test_now_and_then_a_market_cap_is_null():
    caps = [cap for _, cap in chart("days=90").json["market_caps"]]
    assert 1 <= caps.count(None) < 40


def test_a_range_takes_seconds_or_dates_and_keeps_within_them():
    url = f"{COINGECKO}/coins/bitcoin/market_chart/range?vs_currency=usd"
    body = CLIENT.get(f"{url}&from=1795046400&to=1795053600").json
    assert CLIENT.get(f"{url}&from=2026-11-19&to=2026-11-19T02:00:00Z").json == body
    assert [stamp // 3_600_000 for stamp in stamps(body)] == [498_624, 498_625]
    days = CLIENT.get(f"{url}&from={int(NOW) - 200 * DAY}&to={int(NOW)}").json
    assert {stamp % (DAY * 1_000) for stamp in stamps(days)} == {0}


@pytest.mark.parametrize(
    ("days", "body"), [(1, 1_800), (7, 14_400), (30, 14_400), (90, 4 * DAY), (365, 4 * DAY)]
)
def test_ohlc_bodies_are_stamped_at_their_close(days, body):
    rows = CLIENT.get(f"{COINGECKO}/coins/bitcoin/ohlc?vs_currency=usd&days={days}").json
    closes = [row[0] // 1_000 for row in rows]
    assert closes == list(range(closes[0], closes[-1] + 1, body))
    assert closes[-1] <= NOW and len(rows) >= days * DAY // body - 1
    for _, begin, high, low, end in rows:
        assert low <= min(begin, end) <= max(begin, end) <= high
        assert all(isinstance(price, float) for price in (begin, high, low, end))


def test_an_ohlc_body_is_the_market_of_the_time_before_its_stamp():
    market = Market(1, lambda: NOW)
    close, begin, high, low, end = CLIENT.get(f"{COINGECKO}/coins/solana/ohlc?vs_currency=usd&days=1").json[
        -1
    ]
    bar = market.bar(market.by_id["solana"], close // 1_000 - 1_800, close // 1_000)
    assert [begin, high, low, end] == [round(price, 2) for price in bar[:4]]


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("bitcoin/market_chart?vs_currency=usd&days=366", 401, 10012),
        ("bitcoin/market_chart?vs_currency=usd&days=max", 401, 10012),
        ("bitcoin/market_chart/range?vs_currency=usd&from=1609459200&to=1612137600", 401, 10012),
        ("bitcoin/ohlc?vs_currency=usd&days=max", 401, 10012),
        ("bitcoin/market_chart?vs_currency=usd&days=1&interval=5m", 401, 10005),
        ("bitcoin/ohlc?vs_currency=usd&days=1&interval=hourly", 401, 10005),
        ("bitcoin/market_chart?vs_currency=usd&days=x", 422, "Invalid days parameter"),
        ("bitcoin/market_chart?vs_currency=usd", 422, "Missing parameter days"),
        (
            "bitcoin/market_chart?vs_currency=usd&days=101&interval=hourly",
            422,
            "Hourly data is limited to 100 days",
        ),
        ("bitcoin/market_chart/range?vs_currency=usd&from=1", 422, "Missing parameter to"),
        ("bitcoin/market_chart/range?vs_currency=usd&from=x&to=1", 422, "Invalid parameter from"),
        ("bitcoin/ohlc?vs_currency=usd&days=2", 422, "Invalid days parameter"),
        ("nope/ohlc?vs_currency=usd&days=1", 404, "coin not found"),
        ("nope/market_chart?vs_currency=usd&days=1", 404, "coin not found"),
    ],
)
def test_errors(path, status, error):
    reply = CLIENT.get(f"{COINGECKO}/coins/{path}")
    body = reply.json
    inner = body["error"]["status"] if isinstance(body.get("error"), dict) else body.get("status", {})
    assert (reply.status, inner.get("error_code", body.get("error"))) == (status, error)


def test_a_dead_coin_has_an_empty_chart():
    assert chart("days=7", coin="obscure-example").json == {
        "prices": [],
        "market_caps": [],
        "total_volumes": [],
    }


def test_a_paid_plan_may_look_back_beyond_a_year():
    url = "/coingecko-pro/api/v3/coins/bitcoin/market_chart?vs_currency=usd&days=max"
    body = CLIENT.get(url, x_cg_pro_api_key="any").json
    assert len(body["prices"]) > 4_000
