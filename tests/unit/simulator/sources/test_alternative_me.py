"""alternative.me's Fear and Greed Index and its quirks."""

import pytest

from simulator.quotas import Quotas
from simulator.sources.alternative_me import classification
from tests.unit.simulator.asgi import NOW, Client

CLIENT = Client()
FNG = "/alternative_me/fng/"
DAY = 86_400
TODAY = int(NOW) // DAY * DAY


def test_one_value_of_today_is_the_default():
    body = CLIENT.get(FNG).json
    assert list(body) == ["name", "data", "metadata"]
    assert (body["name"], body["metadata"]) == ("Fear and Greed Index", {"error": None})
    (row,) = body["data"]
    assert list(row) == ["value", "value_classification", "timestamp", "time_until_update"]
    assert row["timestamp"] == str(TODAY) and row["time_until_update"] == str(TODAY + DAY - int(NOW))
    assert CLIENT.get(FNG.rstrip("/")).json == body


def test_all_days_come_newest_first_but_four_are_missing():
    rows = CLIENT.get(f"{FNG}?limit=0").json["data"]
    days = [int(row["timestamp"]) for row in rows]
    assert days[0] == TODAY and days[-1] == 1_517_443_200
    missing = sorted(set(range(days[-1], TODAY + 1, DAY)) - set(days))
    assert missing == [1_523_664_000, 1_523_750_400, 1_523_836_800, 1_729_900_800]
    assert sum("time_until_update" in row for row in rows) == 1
    assert all(0 <= int(row["value"]) <= 100 for row in rows)
    assert len({row["value_classification"] for row in rows}) == 5
    assert CLIENT.get(f"{FNG}?limit=10").json["data"] == rows[:10]


def test_a_value_stays_what_it_was():
    client = Client()
    (today,) = client.get(FNG).json["data"]
    client.clock[0] += DAY
    yesterday = client.get(f"{FNG}?limit=2").json["data"][1]
    assert yesterday == {name: today[name] for name in ("value", "value_classification", "timestamp")}


@pytest.mark.parametrize(
    ("value", "word"),
    [(0, "Extreme Fear"), (25, "Extreme Fear"), (26, "Fear"), (46, "Fear"), (47, "Neutral"), (54, "Neutral"),
     (55, "Greed"), (75, "Greed"), (76, "Extreme Greed"), (100, "Extreme Greed")],
)  # fmt: skip
def test_words(value, word):
    assert classification(value) == word


@pytest.mark.parametrize(
    ("style", "stamp", "until"),
    [
        ("us", "11-20-2026", 11),
        ("world", "20-11-2026", 20),
        ("cn", "2026-11-20", 2026),
        ("kr", "2026-11-20", 2026),
    ],
)
def test_a_date_format_makes_the_time_until_the_update_nonsense(style, stamp, until):
    (row,) = CLIENT.get(f"{FNG}?date_format={style}").json["data"]
    assert row["timestamp"] == stamp
    assert row["time_until_update"] == str(until + DAY - int(NOW))


def test_csv_is_wrapped_in_what_looks_like_json():
    text = CLIENT.get(f"{FNG}?limit=2&format=csv").text
    assert text.startswith('{\n\t"name"') and text.endswith("}")
    lines = text.splitlines()
    assert lines[3] == "fng_value,fng_classification,date"
    assert lines[4].startswith("20-11-2026,") and lines[5].startswith("19-11-2026,")


def test_a_limit_that_is_no_number_is_an_error_in_the_metadata():
    reply = CLIENT.get(f"{FNG}?limit=x")
    assert (reply.status, reply.json["metadata"]) == (400, {"error": "limit must be a number"})


def test_60_a_minute_are_the_most():
    client = Client(quotas=Quotas())
    assert [client.get(FNG).status for _ in range(61)] == [200] * 60 + [429]
