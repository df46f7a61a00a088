"""What becomes of each message: a frame is taken in, an answer is for whoever asked, a farewell is heeded."""

import time
from dataclasses import dataclass

from coinlake.observability import logger
from stream import evidence
from stream.connection import Connection
from stream.frames import BadFrame, Farewell, Frame, Reply
from stream.intake import Intake
from stream.latest import Latest


@dataclass(frozen=True, slots=True)
class Listener:
    """Every connection's ears."""

    intake: Intake
    latest: Latest

    def hear(self, connection: Connection, text: str | bytes) -> Reply | None:
        """Take one message in; the hot path. An answer to a subscription is returned."""
        received_at = time.time_ns() // 1000
        venue = connection.venue
        try:
            message = venue.read(text)
        except BadFrame as bad:
            self._bad(venue.source, bad, received_at)
            return None
        if type(message) is Frame and type(text) is str:
            if self.intake.accept(venue.source, message, text, received_at):
                self.latest.note(venue.source, message, received_at)
        elif type(message) is Reply:
            return message
        elif type(message) is Farewell:
            logger.info("the venue announces its shutdown", source=venue.source)
            connection.due.set()
        return None

    def _bad(self, source: str, bad: BadFrame, received_at: int) -> None:
        """A frame that nobody can read is lost: counted, and told once in the log."""
        counters = self.intake.counters
        counters.frames += 1
        counters.bad += 1
        if counters.bad == 1:
            logger.warning(bad.code, source=source, bytes_shown=len(bad.start))
        self.intake.lost(source, "unknown", evidence.BAD_FRAME, received_at)
