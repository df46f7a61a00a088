from types import SimpleNamespace

import pytest

from coinlake.sources import catalog
from ops.local.simulator import Simulator, next_shock

BACK = pytest.approx(-9.0909, abs=1e-3)


@pytest.mark.parametrize(
    ("before", "percent"),
    [([], 10), ([10], BACK), ([10, -9.090909], 10), ([10, -9.090909, 10], BACK)],
)
def test_each_demo_moves_the_price_the_other_way(before, percent):
    assert next_shock(before, 10) == percent


def test_the_collector_gets_the_websocket_url_of_each_venue():
    laptop = SimpleNamespace(simulator="https://127.0.0.1:8470")
    urls = Simulator(laptop).stream_urls()
    assert set(urls) == {name for name, source in catalog().items() if source.websocket}
    assert urls["binance"] == "wss://127.0.0.1:8470/binance-ws"
    assert urls["coinbase"] == "wss://127.0.0.1:8470/coinbase-ws"
