"""The site bucket: what changed is put, and nothing else."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import StoreUnavailable
from coinlake.observability import logger
from coinlake.stores import ObjectStore, error_code
from refine.publish.documents import DATA

_FRESH: Final = "no-cache"  # a browser asks each time, and gets 304 for what it has


@dataclass(frozen=True, slots=True)
class Site:
    """One bucket, under ``data/``."""

    store: ObjectStore

    def stored(self) -> dict[str, str]:
        """Each file below ``data/`` and its etag; one call for every thousand of them."""
        store = self.store
        try:
            pages = store.client.get_paginator("list_objects_v2").paginate(Bucket=store.bucket, Prefix=DATA)
            return {
                entry["Key"].removeprefix(DATA): entry["ETag"].strip('"')
                for page in pages
                for entry in page.get("Contents", ())
            }
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(
                f"could not list s3://{store.bucket}/{DATA}: {error_code(error)}"
            ) from error

    def write(self, files: Mapping[str, bytes], stored: Mapping[str, str]) -> int:
        """Put each file that differs from what is ``stored``; say how many.

        An etag is the body's MD5 except under a KMS key, where every file is put.
        Source: Amazon S3 API Reference, "Object".
        """
        changed = {name: body for name, body in files.items() if stored.get(name) != _md5(body)}
        for name, body in changed.items():
            self.store.put(f"{DATA}{name}", body, CacheControl=_FRESH)
        logger.info("published", files=len(changed), of=len(files))
        return len(changed)


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
