"""``python -m stream``: collect until SIGINT or SIGTERM, then put everything away and exit with 0."""

import asyncio
import signal
import sys

from coinlake.errors import BadConfiguration, CoinlakeError
from coinlake.observability import logger
from stream import wiring
from stream.settings import Settings
from stream.timeouts import Timeouts


def main(timeouts: Timeouts | None = None) -> int:
    """0 after a signal, 2 for a configuration that cannot work, 1 for a fault; each logged in one line."""
    try:
        asyncio.run(collect(Settings.from_env(), timeouts or Timeouts()))
    except CoinlakeError as error:
        logger.error("collector ended", error=str(error), kind=type(error).__name__)
        return 2 if isinstance(error, BadConfiguration) else 1
    except Exception:
        logger.exception("collector failed")
        return 1
    return 0


async def collect(settings: Settings, timeouts: Timeouts) -> None:
    """Until a signal."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    collector = wiring.build(settings, timeouts)
    streams = sum(len(shard.streams) for shard in collector.shards)
    logger.info("collecting", instance=collector.spool.instance, streams=streams)
    await collector.run(stop)


if __name__ == "__main__":
    sys.exit(main())
