"""After a start: what the files of an earlier run hold, read back from their own lines."""

import json
from collections.abc import Iterable, Mapping

from stream import evidence
from stream.files import SpoolFile
from stream.frames import BadFrame, Frame
from stream.ids import Ids
from stream.venues import Venue


def understand(file: SpoolFile, venue: Venue) -> None:
    """Fill in a found file's ids and times."""
    _, body = file.read()
    if file.key.dataset == evidence.DATASET:
        _gaps(file, body.splitlines(), venue)
    elif file.key.dataset == "trade_history":
        trades = json.loads(body)
        _add(file, venue.market_of_path(file.url), [venue.trade_id(trade) for trade in trades])
    else:
        _frames(file, body.decode().splitlines(), venue)


def _frames(file: SpoolFile, lines: Iterable[str], venue: Venue) -> None:
    for line in lines:
        try:
            received_at, _, text = line.removeprefix('{"received_at":').partition(',"frame":')
            frame = venue.read(text[:-1])
        except BadFrame:
            continue  # a line that transform will quarantine holds no trade of ours
        if isinstance(frame, Frame):
            file.seen[frame.stream] = int(received_at)
            if frame.is_trade:
                _add(file, frame.market, [frame.key])


def _gaps(file: SpoolFile, lines: Iterable[bytes], venue: Venue) -> None:
    for line in lines:
        given_up = evidence.given_up(json.loads(line)["frame"])
        if given_up and (market := venue.market(given_up[0])):
            file.ids.setdefault(market, Ids()).add_range(given_up[1], given_up[2])


def _add(file: SpoolFile, market: str, numbers: Iterable[int]) -> None:
    ids = file.ids.setdefault(market, Ids())
    for number in numbers:
        ids.add(number)


def held(files: Iterable[SpoolFile], known: Mapping[tuple[str, str], Ids]) -> dict[tuple[str, str], Ids]:
    """Every trade that is uploaded or in the spool."""
    taken = {market: Ids(ids.ranges()) for market, ids in known.items()}
    for file in files:
        for market, ids in file.ids.items():
            taken.setdefault((file.key.source, market), Ids()).update(ids)
    return taken
