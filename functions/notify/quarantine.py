"""A quarantine object arrived: say which rows, why, and where to look."""

import json
from dataclasses import dataclass
from typing import Final

from coinlake.alert_rules import Notices
from coinlake.errors import TooLarge
from coinlake.keys import QuarantineKey, RawKey
from coinlake.records import parse_quarantine
from coinlake.stores import ObjectStore
from notify.alerts import NEWS_HORIZON, Alert, Outbox, Run, alert_id
from notify.messages.quarantine import RejectedRows, quarantine_mail
from notify.rules.observations import Unreadable

MAX_QUARANTINE_BYTES: Final = 8 << 20  # about 40,000 rejected rows


@dataclass(frozen=True, slots=True)
class QuarantineNotices:
    """Mails one notice per source and dataset within the cooldown."""

    lake: ObjectStore
    outbox: Outbox
    notices: Notices

    def on_object(self, key: QuarantineKey, run: Run) -> None:
        """Mail what the object holds. The cooldown counts from when transform wrote it.

        Raises ``NotFound`` or ``Unreadable`` for an object from which nothing can be read,
        ``StoreUnavailable`` or ``LeaseHeld`` where the event must come again.
        """
        if not self.notices.quarantine or key.slot.time < run.now - NEWS_HORIZON:
            return
        try:
            stored = self.lake.get(str(key), MAX_QUARANTINE_BYTES)
            rows = _parsed(self.lake.bucket, key, stored.body)
        except TooLarge:
            stored = self.lake.head(str(key))
            raw_key = str(RawKey(key.source, key.dataset, key.slot))
            rows = RejectedRows(self.lake.bucket, key, raw_key, rejections=None)
        alert = Alert(
            topic=f"notice#quarantine#{key.source}.{key.dataset}",
            id=alert_id("quarantine", str(key), stored.etag),
            kind="quarantine",
            at=stored.modified,
            cooldown=self.notices.cooldown,
            mail=quarantine_mail(rows),
        )
        self.outbox.send(alert, run)


def _parsed(bucket: str, key: QuarantineKey, body: bytes) -> RejectedRows:
    """Raise ``Unreadable`` where the lines are not those of ``records.quarantine_lines``."""
    try:
        raw_key = json.loads(body.split(b"\n", 1)[0])["raw_key"]
        return RejectedRows(bucket, key, str(raw_key), parse_quarantine(body))
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable(f"unreadable: {key} ({type(error).__name__})") from error
