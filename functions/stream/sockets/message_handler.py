"""What becomes of each message: a frame is taken in, a reply goes to whoever waits for it, a shutdown
notice replaces the connection."""

from dataclasses import dataclass

from coinlake.observability import logger
from stream.frames import BadFrame, Frame, Reply, ShutdownNotice
from stream.gaps import gap_records
from stream.intake import Intake
from stream.latest import LatestWriter
from stream.sockets.connection import Connection


@dataclass(frozen=True, slots=True)
class MessageHandler:
    """For the messages of all connections."""

    intake: Intake
    latest: LatestWriter

    def handle(self, connection: Connection, text: bytes, received_at: int) -> Reply | None:
        """Take one message in; the hot path. An answer to a subscription is returned."""
        venue = connection.venue
        try:
            message = venue.read(text)
        except BadFrame:
            self._count_bad(venue.source, len(text), received_at)
            return None
        if type(message) is Frame:
            stream = self.intake.accept(venue.source, message, text, received_at)
            if stream is not None:
                self.latest.note(stream)
        elif type(message) is Reply:
            return message
        elif type(message) is ShutdownNotice:
            logger.info("the venue announces its shutdown", source=venue.source)
            connection.replacement_due.set()
        return None

    def _count_bad(self, source: str, size: int, received_at: int) -> None:
        """A frame that nobody can read is lost: counted, and logged once."""
        counters = self.intake.counters
        counters.frames += 1
        counters.bad += 1
        if counters.bad == 1:
            logger.warning("bad_frame", source=source, bytes=size)
        self.intake.count_lost(source, "unknown", gap_records.BAD_FRAME, received_at)
