"""A request that is known from a document, and where things are in any environment."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.permissions.evaluation import Request, Value

AWS: Final = "arn:aws"
HERE: Final = "us-east-1:ACCOUNT"
KEY_ARN: Final = f"{AWS}:kms:{HERE}:key/KEY"
BACKFILL: Final = f"{AWS}:states:{HERE}:stateMachine:coinlake-ENV-backfill"
ARTIFACTS: Final = f"{AWS}:s3:::coinlake-ENV-artifacts-ACCOUNT-us-east-1"
INGEST_DLQ: Final = {"on_failure": [{"destination": f"{AWS}:sqs:{HERE}:coinlake-ENV-ingest-dlq"}]}
LAKE: Final = f"{AWS}:s3:::coinlake-ENV-lake-ACCOUNT-us-east-1"


@dataclass(frozen=True, slots=True)
class Fact:
    """Requests that a role makes, and the ``source`` that says so."""

    source: str
    role: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: dict[str, Value] = field(default_factory=dict)

    def requests(self) -> Iterator[Request]:
        for action in self.actions:
            for resource in self.resources:
                yield Request(self.role, action, resource, self.context)
