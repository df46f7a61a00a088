"""After a start: what earlier runs left in the spool, its files read back from their own lines, and in
the table of latest prices."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from coinlake.errors import StoreUnavailable
from coinlake.observability import logger
from stream.config import Subscription
from stream.frames import BadFrame, Frame
from stream.gaps import gap_records
from stream.gaps.ids import Ids, Market
from stream.gaps.refill import DATASET as TRADE_HISTORY
from stream.latest import LatestTable
from stream.spool.files import SpoolFile
from stream.spool.spool import Spool
from stream.spool.state import State
from stream.venues import Venue, venue


def recover(spool: Spool) -> list[SpoolFile]:
    """The files that are not uploaded yet, with the ids and times in them."""
    files = list(spool.recover())
    for file in files:
        read_back(file, venue(file.key.source))
    if files:
        logger.info("spool recovered", files=len(files), bytes=spool.size)
    return files


def read_back(file: SpoolFile, venue: Venue) -> None:
    """Fill in the ids and times of a file of an earlier run."""
    _, body = file.read()
    if file.key.dataset == gap_records.DATASET:
        for market, first, last in _given_up(body.splitlines(), venue):
            file.ids.setdefault(market, Ids()).add_range(first, last)
    elif file.key.dataset == TRADE_HISTORY:
        _add(file, venue.market_of_url(file.url), venue.read_trades(body)[0])
    else:
        for received_at, frame in _frames(body.splitlines(), venue):
            file.seen[frame.stream] = received_at
            if frame.trade_ids:
                _add(file, frame.market, frame.trade_ids)


def _frames(lines: Iterable[bytes], venue: Venue) -> Iterator[tuple[int, Frame]]:
    for line in lines:
        try:
            received_at, _, text = line.removeprefix(b'{"received_at":').partition(b',"frame":')
            frame = venue.read(text[:-1])
        except BadFrame:
            continue  # a line that transform will quarantine holds no trade of ours
        if isinstance(frame, Frame):
            yield int(received_at), frame


def _given_up(lines: Iterable[bytes], venue: Venue) -> Iterator[tuple[str, int, int]]:
    for line in lines:
        given_up = gap_records.given_up(json.loads(line)["frame"])
        if given_up and (market := venue.trade_market(given_up[0])):
            yield market, given_up[1], given_up[2]


def _add(file: SpoolFile, market: str, numbers: Iterable[int]) -> None:
    ids = file.ids.setdefault(market, Ids())
    for number in numbers:
        ids.add(number)


def accounted_trades(files: Iterable[SpoolFile], uploaded: Mapping[Market, Ids]) -> dict[Market, Ids]:
    """Every trade that is uploaded or in the spool."""
    accounted = {market: Ids(ids.ranges()) for market, ids in uploaded.items()}
    for file in files:
        for market, ids in file.ids.items():
            accounted.setdefault((file.key.source, market), Ids()).update(ids)
    return accounted


def last_times(
    state: State, files: Sequence[SpoolFile], subscriptions: Sequence[Subscription], table: LatestTable
) -> dict[tuple[str, str], int]:
    """Each source's and stream's last time, in microseconds since 1970, before this run.

    What this spool does not know is read from the table of latest prices. There another task may have
    left it; then its trades go on after the last that is surely in S3: ``state`` learns that one.
    """
    seen = dict(state.seen)
    for file in files:
        for stream, moment in file.seen.items():
            place = (file.key.source, stream)
            seen[place] = max(moment, seen.get(place, 0))
    unknown = {
        stream: subscription.venue
        for subscription in subscriptions
        for stream in subscription.streams
        if (subscription.venue.source, stream) not in seen
    }
    try:
        recalled = table.recall({stream: venue.source for stream, venue in unknown.items()})
    except StoreUnavailable as error:
        logger.warning("nothing recalled of earlier tasks", error=str(error))
        return seen
    for stream, row in recalled.items():
        venue = unknown[stream]
        seen[venue.source, stream] = row.get("received_at", 0)
        market = venue.trade_market(stream)
        if market is not None and "uploaded_id" in row:
            last = row["uploaded_id"]
            state.ids.setdefault((venue.source, market), Ids([(last, last)]))
    return seen
