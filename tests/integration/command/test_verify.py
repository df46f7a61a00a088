"""`coinlake verify` where a stack does not work; where it does: tests/e2e."""

import json
from typing import Any

import pytest

from coinlake.keys import RawKey
from ops import waiting
from ops.verify import verify
from ops.verify.marker import RATE, Marker
from ops.verify.verify import Verification, VerificationFailed
from transform import pipeline
from transform.model import AssetMap


def versions(stack: Any) -> list[str]:
    s3 = stack.aws.client("s3")
    return [
        version["Key"]
        for bucket in (stack.raw_bucket, stack.lake_bucket)
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
    ]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0)
    monkeypatch.setattr(verify, "LINE_SECONDS", 0)


@pytest.mark.parametrize("versioned", [True, False])
def test_a_stage_that_does_nothing_is_named_and_what_was_written_is_removed(stack, versioned) -> None:
    if versioned:
        stack.aws.client("s3").put_bucket_versioning(
            Bucket=stack.raw_bucket, VersioningConfiguration={"Status": "Enabled"}
        )
    verification = Verification(stack)
    with pytest.raises(VerificationFailed, match=r"has not come within .* look at transform .*--since 10m"):
        verification.run()
    assert [step.name.split(":")[0] for step in verification.steps] == ["raw", "removed"]
    assert versions(stack) == []


def test_a_day_in_which_something_lies_is_not_touched(stack) -> None:
    marker = Marker.new()
    stack.lake.put(marker.refined, b"somebody's")
    with pytest.raises(VerificationFailed, match="nothing was written"):
        Verification(stack, marker).run()
    assert versions(stack) == [marker.refined]


def test_a_rejected_row_is_said_with_its_reason(stack) -> None:
    marker = Marker.new()
    counts = {"rows_in": 1, "rows_trusted": 0, "rows_quarantined": 1, "reasons": {"bad_number": 1}}
    entry = {
        "raw_key": str(marker.key),
        "raw_etag": "e",
        "version": "v",
        "outputs": [],
        "notes": [],
        **counts,
    }
    stack.lake.put(str(marker.key.ledger()), json.dumps(entry).encode())
    with pytest.raises(VerificationFailed, match="rejected the marked row: .*bad_number"):
        Verification(stack, marker).run()
    assert versions(stack) == []


def test_the_marked_object_is_one_exact_row_for_transform(stack) -> None:
    marker = Marker.new()
    marker.write(stack.raw)
    stored = stack.raw.get(str(marker.key), 1 << 20)
    parsed = pipeline.parse(
        stored, RawKey.parse(str(marker.key)), AssetMap(lambda source, asset: asset), 1 << 20
    )
    [table] = parsed.slices
    assert table.rows.column("rate_usd").to_pylist() == [RATE]
