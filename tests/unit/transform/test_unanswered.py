"""What was asked for by name and did not come is noted, at every source that is asked by name."""

from urllib.parse import urlencode

import pytest

from tests.unit.transform.recorded import SAMPLES

CASES = [
    ("coingecko_simple_price.json", "ids", ["bitcoin", "ethereum", "pepe"], ","),
    ("coingecko_coins_markets.json", "ids", ["bitcoin", "ethereum"], ","),
    ("coincap_v3_assets.json", "ids", ["bitcoin", "ethereum"], ","),
    ("coindesk_latest_tick.json", "instruments", ["BTC-USD"], ","),
    ("binance_ticker_24hr_full.json", "symbols", ["BTCUSDT"], None),
    ("kraken/ticker.json", "pair", ["XBTUSD"], ","),
]


def url(parameter, names, separator):
    value = separator.join(names) if separator else "[" + ",".join(f'"{name}"' for name in names) + "]"
    return f"https://example.com/prices?{urlencode({parameter: value})}"


def notes(parsed):
    return [note for note in parsed.notes if note.startswith("unanswered:")]


@pytest.mark.parametrize(("file", "parameter", "came", "separator"), CASES, ids=str)
def test_an_id_that_was_asked_for_and_did_not_come_is_noted(file, parameter, came, separator):
    asked = [*came, "bat-true-share", "QQQ"]
    parsed = SAMPLES[file].read(url=url(parameter, asked, separator))
    assert notes(parsed) == ["unanswered:bat-true-share", "unanswered:QQQ"]
    assert notes(SAMPLES[file].read(url=url(parameter, came, separator))) == []


def test_an_answer_to_a_request_of_the_top_coins_lacks_nothing():
    assert notes(SAMPLES["coingecko_coins_markets.json"].read()) == []


def test_a_row_that_came_and_was_rejected_did_come():
    sample = SAMPLES["coingecko_simple_price.json"]
    body = sample.changed("ethereum", "usd", to=0)
    parsed = sample.read(body, url=url("ids", ["bitcoin", "ethereum"], ","))
    assert notes(parsed) == [] and "out_of_range" in {fault.code for fault in parsed.rejections}
