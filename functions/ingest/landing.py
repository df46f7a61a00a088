"""Fetching a run's requests one by one and landing each answer, so that none loses another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from coinlake.errors import CoinlakeError, PreconditionFailed
from coinlake.http import HttpResponse
from coinlake.keys import RawKey
from coinlake.observability import logger
from coinlake.records import printable
from coinlake.stores import ObjectStore, compressed, sha256
from ingest.errors import NotYet, Unlisted
from ingest.sources import Request, Source

MAX_URL_CHARACTERS: Final = 1500  # S3 keeps 2 KB of metadata, and 250 ids make a longer URL


@dataclass(slots=True)
class Landing:
    """How a run went: how many objects it wrote, which markets are not listed, what failed."""

    landed: int = 0
    unlisted: list[str] = field(default_factory=list)
    failures: dict[str, CoinlakeError] = field(default_factory=dict)

    def leave_out(self, name: str, reason: str) -> None:
        """A market that the source does not list is no failure: nothing here can heal it."""
        self.unlisted.append(name)
        logger.warning("market unsupported", market=name, reason=reason)


def land_all(
    source: Source,
    requests: Sequence[Request],
    raw: ObjectStore,
    until: float,
    seconds: Callable[[], float],
) -> Landing:
    """Fetch and land every request; ``until`` is when, on the clock ``seconds``, to stop.

    A request may take half of the time that is left, the last one all of it: one that hangs
    leaves time for the others.
    """
    landing = Landing()
    for left, request in zip(range(len(requests), 0, -1), requests, strict=True):
        now = seconds()
        try:
            document = source.fetch(request, now + (until - now) / (1 if left == 1 else 2))
            if request.is_ended_by(document.response):
                logger.info("pages ended", page=request.name)
                break
            landing.landed += land(raw, request.key, document.response)
            for name in document.unlisted:
                landing.leave_out(name, f"{source.name} does not list it")
        except Unlisted as error:
            landing.leave_out(request.name, str(error))
        except NotYet as error:
            logger.info("not published yet", key=str(request.key), reason=str(error))
        except CoinlakeError as error:
            landing.failures[request.name] = error
            logger.error("request failed", key=str(request.key), error=str(error))
    return landing


def land(raw: ObjectStore, key: RawKey, response: HttpResponse) -> bool:
    """Write the bytes as received; False where an earlier try of the same run has done so.

    The key names the request, not the moment, so whatever lies there answers this very request
    and its first answer is the one that is kept.
    """
    try:
        raw.put(
            str(key),
            compressed(response.body),
            content_type="application/gzip",
            metadata=metadata(response),
            IfNoneMatch="*",
        )
    except PreconditionFailed:
        logger.info("already landed", key=str(key))
        return False
    logger.info("landed", key=str(key), bytes=len(response.body))
    return True


def metadata(response: HttpResponse) -> dict[str, str]:
    """What S3 keeps beside the bytes: where they came from, when, and their hash."""
    return {
        "url": _url(response.url),
        "fetched_at": response.fetched_at.isoformat(timespec="microseconds"),
        "status": str(response.status),
        "content-type": printable(response.content_type),
        "sha256": sha256(response.body),
    }


def _url(url: str) -> str:
    """Whole, or without its query: a part of a list of ids would look like the whole request."""
    return url if len(url) <= MAX_URL_CHARACTERS else url.partition("?")[0]
