"""Every source of the catalog is simulated, at its name and the path of its base URL."""

import pytest

from coinlake.sources import catalog
from simulator import sources
from tests.unit.simulator.asgi import Client

CLIENT = Client()


@pytest.mark.parametrize("name", catalog())
def test_a_source_of_the_catalog_has_a_module_and_is_mounted(name):
    assert name in sources.names()
    plan = {"path": f"{sources.path(name)}/*", "fault": "503"}
    assert CLIENT.put("/_faults", [plan]).status == 200
    assert CLIENT.get(f"{sources.path(name)}/anything").status == 503


def test_paths_follow_the_base_urls():
    assert sources.path("coingecko") == "/coingecko/api/v3"
    assert sources.path("binance_archive") == "/binance_archive"
