"""The result of each window, as the state machine wrote it.

``<prefix>/<run>/manifest.json`` names the files; each is a list of children, whose ``Input`` and
``Output`` are JSON texts. Source: AWS Step Functions Developer Guide, "ResultWriter (Map)".
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from coinlake.stores import ObjectStore

MAX_MANIFEST_BYTES: Final = 16 << 20
MAX_FILE_BYTES: Final = 5 << 30
EXISTS: Final = "exists"
FETCHED: Final = ("landed", EXISTS)
LEFT_TO_THE_SCHEDULE: Final = ("not_closed",)
FAILED: Final = "failed"
NOT_STARTED: Final = "not started"


@dataclass(frozen=True, slots=True)
class Result:
    """One window's event and its outcome; ``detail`` says why where it did not land."""

    window: Mapping[str, Any]
    outcome: str
    detail: str

    @classmethod
    def of(cls, child: Mapping[str, Any]) -> Self:
        window = json.loads(child["Input"])["window"]
        if child["Status"] == "PENDING" or not (child.get("Output") or child.get("Error")):
            return cls(window, NOT_STARTED, "the run was stopped before it")
        if not child.get("Output"):
            return cls(window, FAILED, _reason(child.get("Error"), child.get("Cause")))
        answer = json.loads(child["Output"])
        if answer["outcome"] == FAILED:
            return cls(window, FAILED, _reason(answer.get("error"), answer.get("detail")))
        return cls(window, answer["outcome"], answer.get("detail") or "")


@dataclass(frozen=True, slots=True)
class Missing:
    """Windows of one asset at one source that could not be fetched, for one kind of reason."""

    source: str
    asset: str
    outcome: str
    windows: int
    detail: str


def read(store: ObjectStore, manifest_key: str) -> Iterator[Result]:
    """Every window of a run, a file at a time."""
    manifest = json.loads(store.get(manifest_key, MAX_MANIFEST_BYTES).body)
    for files in manifest["ResultFiles"].values():
        for file in files:
            yield from map(Result.of, json.loads(store.get(file["Key"], MAX_FILE_BYTES).body))


def missing(results: Iterable[Result]) -> list[Missing]:
    """What was neither fetched nor left to the schedule; the detail is of the first of its kind."""
    kinds: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        if result.outcome not in (*FETCHED, *LEFT_TO_THE_SCHEDULE):
            kind = (result.window["source"], result.window["asset"], result.outcome)
            kinds.setdefault(kind, []).append(result)
    return [Missing(*kind, len(alike), alike[0].detail) for kind, alike in sorted(kinds.items())]


def _reason(error: str | None, cause: str | None) -> str:
    """Lambda's cause is JSON with the function's own message in it."""
    try:
        details = json.loads(cause or "")
    except ValueError:
        details = None
    message = details.get("errorMessage") if isinstance(details, dict) else cause
    return f"{error or 'it failed'}: {str(message or 'no reason given')[:300]}"
