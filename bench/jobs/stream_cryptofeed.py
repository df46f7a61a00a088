"""cryptofeed on the same feed: every frame received, read and handed to a callback. One core.

Run by an interpreter that has cryptofeed, and nothing of coinlake. Its own setting, uvloop, is kept.
"""

import asyncio
import json
import os
import re
import sys
import time
from pathlib import Path

import uvloop
from cryptofeed.connection import WebsocketEndpoint
from cryptofeed.defines import TICKER
from cryptofeed.exchanges import Binance
from cryptofeed.feedhandler import FeedHandler
from cryptofeed.symbols import Symbols


def main() -> None:
    task = json.loads(sys.argv[1])
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    names = [f"C{number:04d}-USDT" for number in range(task["symbols"])]
    Symbols.set(Binance.id, {name: name.replace("-", "") for name in names}, {})
    Binance.websocket_endpoints = [WebsocketEndpoint(task["url"])]
    received, began = 0, 0.0

    async def ticker(*_: object) -> None:
        nonlocal received, began
        received += 1
        if received == 1:
            began = time.process_time()
        if received == task["frames"]:
            report(began)

    handler = FeedHandler({"log": {"disabled": True}, "uvloop": True})
    asyncio.set_event_loop(uvloop.new_event_loop())  # 2.4.1 asks for one that is there
    handler.add_feed(Binance(symbols=names, channels=[TICKER], callbacks={TICKER: ticker}))
    handler.run(install_signal_handlers=False)


def report(began: float) -> None:
    """Print the numbers and end at once: neither version ends a feed without waiting for the venue."""
    ended, cpu = time.monotonic(), time.process_time() - began
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    numbers = {"ended": ended, "cpu": cpu, "peak_mb": int(peak[1]) / 1024 if peak else 0}
    print(json.dumps(numbers), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
