"""What may be asked for, and what is told to who asks for something else."""

import pytest

from coinlake.errors import BadConfiguration
from stream.settings import Settings
from stream.wanted import HOSTS, Wanted

ENVIRONMENT = {"RAW_BUCKET": "raw", "CONFIG_BUCKET": "b", "CONFIG_KEY": "k", "LATEST_TABLE": "t"}


def test_streams_are_wanted_as_written():
    wanted = Wanted.from_json(
        '{"streams": ["btcusdt@trade", "btcusdt@kline_1M"], "host": "us", '
        '"coinbase": {"products": ["BTC-USD"]}}'
    )
    assert wanted.streams == ("btcusdt@trade", "btcusdt@kline_1M")
    assert (wanted.products, wanted.channels) == (("BTC-USD",), ("ticker", "matches"))
    assert wanted.url("binance", "") == HOSTS["us"]
    assert wanted.url("coinbase", "") == "wss://ws-feed.exchange.coinbase.com"


def test_market_data_only_is_the_host_unless_another_is_named():
    assert Wanted.from_json('{"streams": ["btcusdt@trade"]}').url("binance", "") == HOSTS["data"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "config_syntax"),
        ("[]", "config_syntax"),
        ("{}", "config_empty"),
        ('{"streams": []}', "config_empty"),
        ('{"stream": ["btcusdt@trade"]}', "config_unknown_key: .*'stream'.*streams"),
        ('{"streams": "btcusdt@trade"}', "config_syntax: streams must be a list"),
        ('{"streams": ["BTCUSDT@trade"]}', "bad_symbol: 'BTCUSDT@trade'"),
        ('{"streams": ["btcusdt@depth"]}', "bad_symbol"),
        ('{"streams": ["btcusdt@kline_7m"]}', "bad_symbol"),
        ('{"streams": [7]}', "bad_symbol: '7'"),
        ('{"streams": ["btcusdt@trade", "btcusdt@trade"]}', "config_duplicate"),
        (
            '{"streams": ["btcusdt@trade"], "host": "evil.example"}',
            "url_refused: .*global, data, us, testnet",
        ),
        ('{"coinbase": {"products": ["BTCUSD"]}}', "bad_symbol"),
        ('{"coinbase": {"products": ["BTC-USD"], "channels": ["level2"]}}', "bad_symbol"),
        ('{"coinbase": {"product": ["BTC-USD"]}}', "config_unknown_key"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(text, told):
    with pytest.raises(BadConfiguration, match=told) as refused:
        Wanted.from_json(text)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "url", ["ws://host", "https://host", "wss://host/a?b", "wss://user:pw@host", "wss://"]
)
def test_an_address_is_wss_and_a_host(url):
    wanted = Wanted.from_json('{"streams": ["btcusdt@trade"]}')
    with pytest.raises(BadConfiguration, match="url_refused"):
        wanted.url("binance", f'{{"binance": "{url}"}}')


def test_urls_name_sources_only():
    wanted = Wanted.from_json('{"streams": ["btcusdt@trade"]}')
    with pytest.raises(BadConfiguration, match="config_unknown_key: URLS has 'kraken'"):
        wanted.url("binance", '{"kraken": "wss://host"}')
    assert (
        wanted.url("binance", '{"binance": "wss://127.0.0.1:8000/binance-ws/"}')
        == "wss://127.0.0.1:8000/binance-ws"
    )


def test_settings_have_defaults_for_what_terraform_leaves_out():
    settings = Settings.from_env(ENVIRONMENT)
    assert (settings.batch_frames, settings.batch_seconds, settings.health_port) == (1000, 10, 8080)
    assert str(settings.spool_dir) == "/spool"
    assert not settings.private_sources


@pytest.mark.parametrize(
    ("name", "value"), [("BATCH_FRAMES", "0"), ("BATCH_SECONDS", "ten"), ("HEALTH_PORT", "-1")]
)
def test_a_setting_that_cannot_be_is_named(name, value):
    with pytest.raises(BadConfiguration, match=name):
        Settings.from_env({**ENVIRONMENT, name: value})


def test_a_missing_setting_is_named():
    with pytest.raises(BadConfiguration, match="RAW_BUCKET"):
        Settings.from_env({})
