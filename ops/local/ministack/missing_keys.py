"""What MiniStack leaves out of S3: a key that does not exist is a 404 only for who may list the bucket.

For everybody else S3 answers 403, so a role without that right cannot tell a missing object from a refusal.
Source: Amazon S3 API Reference, "GetObject" and "HeadObject", "Permissions".
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

NOT_FOUND: Final = 404
READS: Final = ("GET", "HEAD")


def missing_key(method: str, path: str, status: int) -> tuple[str, str] | None:
    """Bucket and key of an object that was to be read and is not there; None for any other response."""
    bucket, _, key = path.lstrip("/").partition("/")
    return (bucket, unquote(key)) if status == NOT_FOUND and method in READS and key else None


def patch(app: Any, iam_evaluator: Any, iam_actions: Any, router: Any) -> None:
    """Let S3 of ``app`` check the right to list before it says that a key does not exist."""
    read = app.SERVICE_HANDLERS["s3"]

    async def handler(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
    ) -> Any:
        response = await read(method, path, headers, body, query)
        place = missing_key(method, path, response[0])
        if not app.AUTH or not place:
            return response
        bucket, key = place
        denied = iam_evaluator.enforce(
            router.extract_access_key_id(headers, query),
            "s3:ListBucket",
            "s3",
            router.extract_region(headers, query),
            resource_arn=f"arn:aws:s3:::{bucket}",
            service_context={"s3:prefix": key},
        )
        if not isinstance(denied, iam_evaluator.EvalResult):
            return response
        return iam_actions.access_denied_response(
            "s3", "s3:ListBucket", denied.principal_arn, "", headers=headers
        )

    app.SERVICE_HANDLERS["s3"] = handler
