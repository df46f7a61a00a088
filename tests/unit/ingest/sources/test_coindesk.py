"""CoinDesk: what a feed asks for, and what each of its errors means."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable
from coinlake.http import HttpResponse
from ingest.errors import Unlisted
from ingest.sources.coindesk import CoinDesk

SAMPLES = Path(__file__).parent / "samples"
DUE = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)
DUE_SECONDS = 1_732_172_400
ASSETS = {"BTC": {"coindesk": "BTC"}, "XRP": {"coindesk": "XRP"}}


def response(status, body=b""):
    return HttpResponse("https://x/", status, body, DUE)


@pytest.fixture(scope="session")
def requests(candles_feed):
    """Plan a feed; keywords are its fields."""

    def plan(dataset, **changes):
        fields = {"assets": ("BTC", "XRP"), "lookback": 24, **changes}
        return CoinDesk.plan(candles_feed(source="coindesk", dataset=dataset, **fields), ASSETS, DUE)

    return plan


def ends(request):
    """The last part of its key."""
    return str(request.key).partition("/dt=2024-11-21/20241121T070000Z.")[2]


def test_a_feed_asks_for_the_ticks_of_all_pairs_at_once(requests):
    (page,) = requests("quotes")
    assert page.path == "/index/cc/v1/latest/tick"
    assert page.params == {"market": "cadli", "instruments": "BTC-USD,XRP-USD"}
    assert ends(page) == "hourly.usd.p1.json.gz"


@pytest.mark.parametrize(("interval", "unit"), [("1m", "minutes"), ("1h", "hours"), ("1d", "days")])
def test_a_window_ends_a_second_within_its_last_bucket(requests, interval, unit):
    btc, _ = requests("candles", interval=interval)
    assert btc.path == f"/spot/v1/historical/{unit}"
    assert btc.params == {
        "market": "coinbase",
        "instrument": "BTC-USD",
        "limit": "24",
        "to_ts": str(DUE_SECONDS - 1),
        "fill": "false",
        "apply_mapping": "true",
    }
    assert ends(btc) == f"BTC-USD.{interval}.24.json.gz"


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (401, (SAMPLES / "coindesk_401.json").read_bytes(), BadConfiguration, "set coindesk_api_key"),
        (404, b'{"Err": {"message": "market not found"}}', Unlisted, "market not found; there is no BTC-USD"),
        (429, b'{"Err": {}}', SourceUnavailable, "no reason given"),
        (400, b"<html>", SourceRefused, "no JSON"),
        (400, b'{"Err": "text"}', SourceRefused, "no reason given"),
    ],
)
def test_an_error_is_read_from_its_envelope(requests, status, body, kind, message):
    error = CoinDesk.to_error(response(status, body), requests("candles")[0])
    assert type(error) is kind
    assert message in str(error)


@given(status=st.integers(200, 599), body=st.binary())
def test_any_error_body_gives_one_short_printable_line(requests, status, body):
    message = str(CoinDesk.to_error(response(status, body), requests("candles")[0]))
    assert message.isprintable()
    assert len(message) < 300
