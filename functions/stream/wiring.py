"""Puts the collector together over what an earlier run left in the spool: the only place that makes
clients, connections excepted."""

import os
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Final

from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from coinlake.http import HttpClient
from coinlake.sources import catalog, siblings
from coinlake.stores import ObjectStore
from stream.app import Collector, Threads
from stream.config import StreamConfig, Subscription, read_secret
from stream.gaps import recovery
from stream.gaps.ids import TradeIds
from stream.gaps.refill import MAX_RESPONSE_BYTES, Refiller
from stream.identity import instance_name
from stream.intake import Intake
from stream.latest import LatestTable, LatestWriter
from stream.metrics import Counters
from stream.settings import Settings
from stream.sockets.attempts import Attempts
from stream.sockets.connection import Connection
from stream.sockets.message_handler import MessageHandler
from stream.sockets.shard import Shard
from stream.spool.committer import Committer
from stream.spool.spool import Spool
from stream.spool.state import State
from stream.spool.uploader import Uploader
from stream.timeouts import Timeouts
from stream.venues import Venue, slices

MAX_HELD_BYTES: Final = 16 << 20  # in memory, before frames are dropped
MINUTE_SECONDS: Final = 60.0


def build(settings: Settings, timeouts: Timeouts) -> Collector:
    """Read the configuration, the spool and the table, and make everything; nothing is connected yet.

    ``REQUESTS_CA_BUNDLE`` may name other roots, as for ingest.
    """
    subscriptions = _subscriptions(settings)
    s3 = client("s3")
    lake = LakeConfig.load(ObjectStore(s3, settings.config_bucket), settings.config_key)
    table = LatestTable(client("dynamodb"), settings.latest_table, settings.latest_ttl_seconds)
    tls = ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE") or None)

    settings.spool_dir.mkdir(parents=True, exist_ok=True)
    state = State.load(settings.spool_dir)
    spool = Spool(
        folder=settings.spool_dir,
        instance=instance_name(settings.instance, settings.spool_dir),
        state=state,
        urls={subscription.venue.source: subscription.url for subscription in subscriptions},
        batch_frames=settings.batch_frames,
        batch_bytes=settings.batch_bytes,
        batch_seconds=settings.batch_seconds,
    )
    files = recovery.recover(spool)
    last_times = recovery.last_times(state, files, subscriptions, table)

    counters, threads = Counters(), Threads()
    trades = TradeIds(recovery.accounted_trades(files, state.ids))
    intake = Intake(counters, settings.batch_frames, MAX_HELD_BYTES, trades)
    raw = ObjectStore(s3, settings.raw_bucket)
    uploader = Uploader(raw, spool, counters, threads.aws, threads.disk)
    for file in files:
        uploader.add(file)
    committer = Committer(intake, spool, uploader, timeouts, threads.disk, settings.spool_max_bytes)
    latest = LatestWriter(
        table, intake.streams, counters, threads.aws, settings.latest_seconds, state.run_end
    )
    handler = MessageHandler(intake, latest)

    def shards(subscription: Subscription) -> list[Shard]:
        """A shard for as many streams as one connection of the venue carries."""
        venue = subscription.venue
        attempts = Attempts(time.monotonic, venue.max_attempts)

        def connect(streams: Sequence[str]) -> Connection:
            return Connection(
                venue=venue,
                url=subscription.url,
                streams=streams,
                handle=handler.handle,
                backpressure=intake.backpressure,
                timeouts=timeouts,
                tls=tls,
                allow_private=settings.private_sources,
            )

        return [
            Shard(venue, streams, connect, intake, attempts, timeouts, _restarted(venue, streams, last_times))
            for streams in slices(subscription.streams, venue.shard_streams)
        ]

    def refiller(subscription: Subscription) -> Refiller:
        venue = subscription.venue
        protocol_source, sibling = siblings().get(venue.source, (venue.source, None))
        source = lake.sources[protocol_source]
        own = (
            sibling and source.base_url == catalog()[protocol_source].base_url
        )  # else URLs are those of a simulator
        return Refiller(
            venue=venue,
            http=HttpClient(
                venue.source,
                sibling.base_url if sibling and own else source.base_url,
                tls,
                allow_private=settings.private_sources,
                max_body_bytes=MAX_RESPONSE_BYTES,
            ),
            intake=intake,
            spool=spool,
            timeouts=timeouts,
            pause_seconds=MINUTE_SECONDS * venue.trades_weight / source.requests_per_minute,
            bases=[ids[protocol_source] for ids in lake.assets.values() if protocol_source in ids],
            streams=subscription.trade_markets(),
            threads=threads.rest,
            disk=threads.disk,
            upload=uploader.add,
        )

    return Collector(
        counters=counters,
        threads=threads,
        intake=intake,
        spool=spool,
        uploader=uploader,
        committer=committer,
        latest=latest,
        shards=[shard for subscription in subscriptions for shard in shards(subscription)],
        refillers=[refiller(subscription) for subscription in subscriptions if subscription.trade_markets()],
        timeouts=timeouts,
        health_port=settings.health_port,
    )


def _subscriptions(settings: Settings) -> list[Subscription]:
    """What STREAMS, or the secret, names; raise ``BadConfiguration`` unless exactly one is set."""
    if bool(settings.streams) == bool(settings.streams_secret_arn):
        raise BadConfiguration("set exactly one of STREAMS and STREAMS_SECRET_ARN")
    text = settings.streams or read_secret(client("secretsmanager"), settings.streams_secret_arn)
    return StreamConfig.from_json(text).subscriptions(settings.urls)


def _restarted(
    venue: Venue, streams: Sequence[str], last_times: Mapping[tuple[str, str], int]
) -> dict[str, int]:
    """When an earlier run last had each stream without trade ids: what came since is a gap."""
    return {
        stream: last_times[venue.source, stream]
        for stream in streams
        if (venue.source, stream) in last_times and venue.trade_market(stream) is None
    }
