"""cryptofeed on the same feed: every frame received, read and handed to a callback. One core.

Run by an interpreter that has cryptofeed, and nothing of coinlake.
"""

import asyncio
import json
import os
import re
import sys
import time
from pathlib import Path

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
    received, ended = 0, 0.0

    async def ticker(*_: object) -> None:
        nonlocal received, ended
        received += 1
        if received == task["frames"]:
            ended = time.monotonic()
            asyncio.get_running_loop().stop()

    handler = FeedHandler({"log": {"disabled": True}})
    handler.add_feed(Binance(symbols=names, channels=[TICKER], callbacks={TICKER: ticker}))
    handler.run(start_loop=False, install_signal_handlers=False)
    asyncio.get_event_loop().run_forever()
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(
        json.dumps({"ended": ended, "peak_mb": int(peak[1]) / 1024 if peak else 0}),
        flush=True,
    )
    os._exit(0)


if __name__ == "__main__":
    main()
