"""Debian's Chromium under Playwright, and the page served as `coinlake dashboard` serves it."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from coinlake.errors import NotFound
from coinlake.stores import StoredObject, sha256
from ops.dashboard import LOOPBACK, Page, Site, application, listen
from tests.dashboard.published import NOW, encoded, published
from tests.patience import PATIENCE_SECONDS, wait_until

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
REQUIRED: Final = "COINLAKE_CHROMIUM_REQUIRED"
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """Where Chromium is; without it the test is skipped, or fails where CI wants it."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        message = (
            "no Chromium here: install it, for example with apt-get install chromium, to test the dashboard"
        )
        pytest.fail(message, pytrace=False) if os.environ.get(REQUIRED) else pytest.skip(message)
    return executable


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser with a profile of its own, which Playwright makes and deletes."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Bucket:
    """The site bucket in memory: ``files`` by path below ``data/`` may be changed between two requests."""

    files: dict[str, Any] = field(default_factory=published)

    def get(self, key: str, max_bytes: int) -> StoredObject:
        path = key.removeprefix("data/")
        if path not in self.files:
            raise NotFound(key)
        body = encoded(self.files[path])
        return StoredObject(body, sha256(body)[:32], {}, datetime.now(UTC))


@contextmanager
def served(store: Any) -> Iterator[str]:
    """The dashboard over a ``Bucket`` or an ``ObjectStore`` on a free port; its address."""
    site = Site(Page(), store)
    with listen(0) as taken:
        server = uvicorn.Server(uvicorn.Config(application(site), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        thread.start()
        wait_until("the dashboard's server", lambda: server.started)
        yield f"http://{LOOPBACK}:{taken.getsockname()[1]}/"
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)


def window(browser: Browser, width: int = 1440, height: int = 900, **options: Any) -> BrowserContext:
    """A window of its own at the time that the published files are of."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    context.clock.install(time=NOW)
    return context
