"""What STREAMS may name, and what is said of anything else; settings and the secret."""

import pytest
from botocore.exceptions import ClientError

from coinlake.errors import BadConfiguration, StoreUnavailable
from stream.config import StreamConfig, read_secret
from stream.settings import Settings

ENVIRONMENT = {"RAW_BUCKET": "raw", "CONFIG_BUCKET": "b", "CONFIG_KEY": "k", "LATEST_TABLE": "t"}


def collected(text, urls=""):
    """Streams and address of each venue."""
    return {
        one.venue.source: (list(one.streams), one.url)
        for one in StreamConfig.from_json(text).subscriptions(urls)
    }


def test_streams_are_collected_as_written():
    text = (
        '{"streams": ["btcusdt@trade", "btcusdt@kline_1M"], "host": "us", '
        '"coinbase": {"products": ["BTC-USD"]}}'
    )
    assert collected(text) == {
        "binance_us": (["btcusdt@trade", "btcusdt@kline_1M"], "wss://stream.binance.us:9443"),
        "coinbase": (["BTC-USD@ticker", "BTC-USD@match"], "wss://ws-feed.exchange.coinbase.com"),
    }


def test_null_sections_as_terraform_renders_them_are_empty():
    text = '{"streams": ["btcusdt@trade"], "host": "data", "coinbase": null}'
    assert collected(text) == {"binance": (["btcusdt@trade"], "wss://data-stream.binance.vision")}


def test_every_venue_takes_markets_and_channels_in_a_section_of_its_name():
    text = (
        '{"binance": {"markets": ["btcusdt", "ethusdt"], "channels": ["trade", "kline_1m"], '
        '"host": "global"}, '
        '"coinbase": {"markets": ["BTC-USD"], "channels": ["matches"]}}'
    )
    assert collected(text) == {
        "binance": (
            ["btcusdt@trade", "btcusdt@kline_1m", "ethusdt@trade", "ethusdt@kline_1m"],
            "wss://stream.binance.com:9443",
        ),
        "coinbase": (["BTC-USD@match"], "wss://ws-feed.exchange.coinbase.com"),
    }


def test_a_section_as_terraform_renders_it_beside_the_top_level_names_its_own_host():
    text = (
        '{"streams": ["btcusdt@trade"], "host": "data", "coinbase": null, '
        '"binance": {"markets": ["ethusdt"], "host": "us"}}'
    )
    assert collected(text) == {
        "binance_us": (
            ["btcusdt@trade", "ethusdt@trade", "ethusdt@miniTicker"],
            "wss://stream.binance.us:9443",
        )
    }


@pytest.mark.parametrize(
    ("host", "source"),
    [("data", "binance"), ("global", "binance"), ("us", "binance_us"), ("testnet", "binance_testnet")],
)
def test_frames_of_a_host_that_is_another_venue_are_of_a_source_of_its_own(host, source):
    assert list(collected(f'{{"streams": ["btcusdt@trade"], "host": "{host}"}}')) == [source]


def test_market_data_only_is_the_host_unless_another_is_named():
    assert collected('{"streams": ["btcusdt@trade"]}')["binance"][1] == "wss://data-stream.binance.vision"


@pytest.mark.parametrize(
    ("text", "message"),
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
            "url_refused: .*data, global, testnet, us",
        ),
        ('{"coinbase": {"products": ["BTCUSD"]}}', "bad_symbol"),
        ('{"coinbase": {"products": ["BTC-USD"], "channels": ["level2"]}}', "bad_symbol"),
        ('{"coinbase": {"product": ["BTC-USD"]}}', "config_unknown_key"),
        ('{"coinbase": ["BTC-USD"]}', "config_syntax: coinbase must be a JSON object with .*products"),
        ('{"coinbase": {"products": ["BTC-USD"], "host": "us"}}', "url_refused: .*exchange"),
        ('{"coinbase": {"products": ["BTC-USD"], "markets": ["ETH-USD"]}}', "config_duplicate"),
        ('{"streams": ["btcusdt@trade"], "binance": {"streams": ["ethusdt@trade"]}}', "config_duplicate"),
        ('{"binance": {"streams": ["btcusdt@trade"], "markets": ["btcusdt"]}}', "config_duplicate"),
    ],
)
def test_an_invalid_setting_is_refused_in_one_sentence(text, message):
    with pytest.raises(BadConfiguration, match=message) as refused:
        StreamConfig.from_json(text)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "url", ["ws://host", "https://host", "wss://host/a?b", "wss://user:pw@host", "wss://"]
)
def test_an_address_is_wss_and_a_host(url):
    with pytest.raises(BadConfiguration, match="url_refused"):
        collected('{"streams": ["btcusdt@trade"]}', f'{{"binance": "{url}"}}')


def test_urls_name_sources_only():
    text = '{"streams": ["btcusdt@trade"]}'
    with pytest.raises(BadConfiguration, match="config_unknown_key: URLS has 'nasdaq'"):
        collected(text, '{"nasdaq": "wss://host"}')
    urls = '{"binance": "wss://127.0.0.1:8000/binance-ws/"}'
    assert collected(text, urls)["binance"][1] == "wss://127.0.0.1:8000/binance-ws"


class Secrets:
    """Secrets Manager that holds one text, or raises an error."""

    def __init__(self, answer):
        self.answer = answer

    def get_secret_value(self, SecretId):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def aws_error(code):
    return ClientError({"Error": {"Code": code, "Message": "…"}}, "GetSecretValue")


def test_the_streams_may_lie_in_a_secret():
    assert read_secret(Secrets({"SecretString": "{}"}), "arn") == "{}"


@pytest.mark.parametrize("answer", [{"SecretBinary": b"{}"}, aws_error("ResourceNotFoundException")])
def test_a_secret_that_cannot_be_read_is_a_fault_of_the_configuration(answer):
    with pytest.raises(BadConfiguration, match="store the streams' JSON in it"):
        read_secret(Secrets(answer), "arn")


def test_a_secrets_manager_that_fails_may_answer_later():
    with pytest.raises(StoreUnavailable):
        read_secret(Secrets(aws_error("InternalServiceError")), "arn")


def test_settings_have_defaults_for_what_terraform_leaves_out():
    settings = Settings.from_env(ENVIRONMENT)
    assert (settings.batch_frames, settings.batch_seconds, settings.health_port) == (10000, 10, 8080)
    assert str(settings.spool_dir) == "/spool"
    assert not settings.private_sources


@pytest.mark.parametrize(
    ("name", "value"), [("BATCH_FRAMES", "0"), ("BATCH_SECONDS", "ten"), ("HEALTH_PORT", "-1")]
)
def test_the_error_names_a_setting_that_is_out_of_range(name, value):
    with pytest.raises(BadConfiguration, match=name):
        Settings.from_env({**ENVIRONMENT, name: value})


def test_a_missing_setting_is_named():
    with pytest.raises(BadConfiguration, match="RAW_BUCKET"):
        Settings.from_env({})
