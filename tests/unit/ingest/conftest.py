"""What ingest's tests share: a source that misbehaves on demand, and a clock that never waits."""

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coinlake.feeds import Feed
from coinlake.http import HttpClient, HttpResponse
from ingest.client import Limits, SourceClient
from ingest.clock import Clock
from tests.https_server import Server, serving, write_certificate

NOW = datetime(2024, 11, 21, 7, 35, 2, tzinfo=UTC)
KEY = "CG-sentinel-0123456789"


@dataclass
class FakeTime:
    """Real time plus whatever was slept, so that a pause of an hour takes no time."""

    slept: list[float] = field(default_factory=list)

    def seconds(self) -> float:
        return time.monotonic() + sum(self.slept)

    def clock(self) -> Clock:
        return Clock(now=lambda: NOW, seconds=self.seconds, sleep=self.slept.append, jitter=lambda: 0.5)


@dataclass
class FakeLimiter:
    """Lets every request go at once, or refuses with ``refusal`` seconds; notes what it was asked."""

    refusal: float | None = None
    acquired: list[tuple[int, bool]] = field(default_factory=list)
    held: list[float] = field(default_factory=list)

    def acquire(self, cost: int, until: float, *, low_priority: bool) -> float | None:
        self.acquired.append((cost, low_priority))
        return self.refusal

    def hold(self, seconds: float) -> None:
        self.held.append(seconds)


class FakeSsm:
    """Holds one parameter, or raises the error that it is made with."""

    def __init__(self, outcome: str | Exception) -> None:
        self.outcome = outcome

    def get_parameter(self, **query: Any) -> dict[str, Any]:
        assert query == {"Name": "/coinlake/dev/key", "WithDecryption": True}
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return {"Parameter": {"Value": self.outcome}}


@pytest.fixture
def limiter() -> FakeLimiter:
    return FakeLimiter()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    write_certificate(file, "source.test")
    return file


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    with serving(certificate) as running:
        yield running


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def client(
    server: Server, certificate: Path, fake_time: FakeTime, limiter: FakeLimiter
) -> Callable[..., SourceClient]:
    """Make a client of the server; keywords are its limits."""
    tls = ssl.create_default_context(cafile=certificate)

    def make(*, url: str = "", per_minute: int = 100, **limits: Any) -> SourceClient:
        http = HttpClient("example", url or server.url, tls, allow_private=True, now=lambda: NOW)
        return SourceClient(http, limiter, per_minute, Limits(**limits), fake_time.clock())

    return make


@pytest.fixture
def ask(client: Callable[..., SourceClient], fake_time: FakeTime) -> Callable[..., HttpResponse]:
    """Ask the server for ``/x``, with ``seconds`` to spare."""

    def get(seconds: float = 60, **settings: Any) -> HttpResponse:
        return client(**settings).get("/x", {"page": "1"}, fake_time.seconds() + seconds)

    return get


@pytest.fixture(scope="session")
def quotes_feed() -> Callable[..., Feed]:
    def make(**changes: Any) -> Feed:
        fields: dict[str, Any] = {
            "name": "top",
            "source": "coingecko",
            "dataset": "quotes",
            "quote": "USD",
            "interval": "5m",
            "assets": (),
            "top": 250,
            "lookback": 0,
            "stale_after_minutes": 20,
            "enabled": True,
        }
        return Feed(**{**fields, **changes})

    return make


@pytest.fixture(scope="session")
def candles_feed(quotes_feed: Callable[..., Feed]) -> Callable[..., Feed]:
    def make(**changes: Any) -> Feed:
        fields: dict[str, Any] = {
            "name": "hourly",
            "source": "coinbase",
            "dataset": "candles",
            "interval": "1h",
            "assets": ("BTC", "ETH"),
            "top": None,
            "lookback": 24,
        }
        return quotes_feed(**{**fields, **changes})

    return make
