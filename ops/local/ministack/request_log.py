"""A log of what IAM was asked: a line of JSON for each request of a role or a user, for tests/permissions.

Written where ``COINLAKE_REQUEST_LOG`` names a file, else not at all: it holds bodies, with their secrets.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from threading import local
from typing import Any, Final

VARIABLE: Final = "COINLAKE_REQUEST_LOG"
MAX_BODY_BYTES: Final = 1 << 15  # more is a file, and IAM decides without it
KEPT_HEADERS: Final = ("content-type", "x-amz-target")


def line(context: Any, http: Mapping[str, Any], *, allowed: bool) -> str:
    """The request that IAM decided on, as one line; ``http`` is enough to send it again."""
    keys: Mapping[str, Any] = context.service_context
    request = {
        "principal": context.principal_arn,
        "action": context.action,
        "resource": context.resource_arn,
        "context": {name: value for name, value in keys.items() if value is not None},
        "allowed": allowed,
        "http": http,
    }
    return json.dumps(request, default=str) + "\n"


def http_request(*request: Any) -> dict[str, Any]:
    """A request as ``extract_iam_action`` is given it, without who asks."""
    service, method, path, headers, body, query = request
    return {
        "service": service,
        "method": method,
        "path": path,
        "query": dict(query),
        "headers": {name: headers[name] for name in KEPT_HEADERS if name in headers},
        "body": base64.b64encode(body).decode() if len(body) <= MAX_BODY_BYTES else "",
    }


def patch(iam_evaluator: Any, iam_actions: Any, path: Path) -> None:
    """Append each of ``iam_evaluator``'s decisions to the file at ``path``."""
    evaluate, enforce = iam_evaluator.evaluate, iam_evaluator.enforce
    extract_action = iam_actions.extract_iam_action
    log = path.open("ab", buffering=0)  # so that a line is one write, at the end of what is there
    current = local()

    def extract_iam_action(*request: Any) -> Any:
        current.http = http_request(*request)
        return extract_action(*request)

    def evaluated(context: Any, *policies: Any) -> Any:
        # The role's own policies come first, then the resource's.
        current.context = getattr(current, "context", None) or context
        return evaluate(context, *policies)

    def enforced(*call: Any, **names: Any) -> Any:
        current.context = None
        denied = enforce(*call, **names)
        if current.context:
            log.write(line(current.context, getattr(current, "http", {}), allowed=denied is None).encode())
        return denied

    iam_actions.extract_iam_action = extract_iam_action
    iam_evaluator.evaluate = evaluated
    iam_evaluator.enforce = enforced
