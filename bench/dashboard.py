"""The dashboard over the laptop's lake, if it is up: from opening it to the moment when all is drawn."""

import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from bench.report import Row
from coinlake.errors import CoinlakeError
from ops.stack import Stack

WHAT: Final = "dashboard, opened by a fresh browser: all drawn"
MAX_MS: Final = 500
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
_DRAWN_MS: Final = """() => new Promise((resolve) => {
  const look = () => {
    const [mark] = performance.getEntriesByName("drawn");
    if (mark) resolve(mark.startTime);
    else setTimeout(look, 1);
  };
  look();
})"""


def drawn(runs: int) -> Iterator[Row]:
    """One row; where there is nothing to measure it says how to get it."""
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    try:
        Stack.find("local")
    except CoinlakeError as error:
        yield Row(WHAT, f"not measured: {error}", "–", "–", f"≤ {MAX_MS} ms", None)
        return
    if executable is None:
        yield Row(WHAT, "not measured: no Chromium here", "–", "–", f"≤ {MAX_MS} ms", None)
        return
    with _served() as address, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        took = [_once(browser, address) for _ in range(runs + 1)][1:]
        browser.close()
    median = statistics.median(took)
    seen = f"{min(took):.0f} to {max(took):.0f} ms in {runs} rounds"
    yield Row(WHAT, f"{median:.0f} ms", seen, "–", f"≤ {MAX_MS} ms", median <= MAX_MS)


def _once(browser: Browser, address: str) -> float:
    """Milliseconds since the navigation began, with nothing cached."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address)
        return float(page.evaluate(_DRAWN_MS))


@contextmanager
def _served() -> Iterator[str]:
    """As a user serves it, on a free port; its address."""
    with subprocess.Popen(
        [Path(sys.executable).with_name("coinlake"), "dashboard", "--port", "0", "--no-open", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout  # noqa: S101 - it is a pipe
        text = ""
        while not text.rstrip().endswith("}"):
            text += process.stdout.readline()
        yield json.loads(text)["address"]
        process.terminate()
