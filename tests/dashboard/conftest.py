import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

from tests.dashboard.browser import Bucket, launched, served, window
from tests.patience import PATIENCE_SECONDS


@dataclass
class Dashboard:
    """The page in a window, with everything the browser complained of."""

    page: Page
    address: str
    bucket: Bucket
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        # a missing file is the page's own business: it says so in words, and Chromium says it as well
        if message.type in ("error", "warning") and "the server responded with a status" not in message.text:
            self.complaints.append(message.text)

    def open(self, place: str = "") -> "Dashboard":
        """Go there and wait until everything is drawn."""
        self.page.goto(self.address + place)
        self.page.locator("#health-body:not([aria-busy])").wait_for()
        self.page.locator("#chart-canvas canvas, #chart-words:not([hidden])").first.wait_for()
        return self

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def row(self, base: str) -> Locator:
        return self.page.locator(f"tr:has(#asset-{base})")

    def eventually(self, seen: Callable[[], bool]) -> bool:
        """Whether it comes true while the page goes on; a canvas tells nobody when it is painted."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (came := seen()) and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        return came

    def minute(self) -> None:
        """A minute passes, and the page reads its data again."""
        with self.page.expect_response("**/candles/index.json"):
            self.page.clock.fast_forward(61_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each file: Playwright keeps an event loop running, beside which no other test's could."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def site() -> Iterator[tuple[str, Bucket]]:
    bucket = Bucket()
    with served(bucket) as address:
        yield address, bucket


@pytest.fixture
def bucket(site: tuple[str, Bucket]) -> Bucket:
    """The site bucket, as refine filled it: a test may change it."""
    _, bucket = site
    bucket.files = Bucket().files
    return bucket


@pytest.fixture
def dashboard(browser: Browser, site: tuple[str, Bucket], bucket: Bucket) -> Iterator[Dashboard]:
    """A window of a desk; whatever a test does, the browser has nothing to complain of."""
    with window(browser) as here:
        dashboard = Dashboard(here.new_page(), site[0], bucket)
        yield dashboard
        assert dashboard.complaints == []
