"""A plan in a folder, with all that applying it needs: what was reviewed is what is applied.

    tfplan        Terraform's plan; it holds values of the state, so it is nothing to publish
    packages/     the zips that the plan was made of
    changes.json  the counts, and the addresses that something else than Terraform changed
    summary.md    the changes by address, without a value: to publish
    digests.json  the environment, the keys that it needs, and the SHA-256 of each file above

A folder travels through the state bucket as one archive, which its own SHA-256 names.
"""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from botocore.exceptions import ClientError

from coinlake.errors import CoinlakeError
from ops.aws import Aws
from ops.deploy.state_bucket import PLANS
from ops.deploy.terraform import Changes

PLAN: Final = "tfplan"
PACKAGES: Final = "packages"
DIGESTS: Final = "digests.json"
SHOWN_ROWS: Final = 200  # a job's summary on GitHub takes 1 MiB
SIGNS: Final = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
}


class NoPlan(CoinlakeError):
    """There is no plan where one was said to be, or something else."""


class MissingKey(CoinlakeError):
    """The plan needs a key that is not given."""


class PlanChanged(CoinlakeError):
    """What lies there is not what was planned."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """The plan of ``environment`` in ``folder``."""

    folder: Path
    environment: str

    @classmethod
    def save(
        cls,
        folder: Path,
        environment: str,
        *,
        plan: Path,
        packages: Path,
        changes: Changes,
        document: Mapping[str, Any],
    ) -> Self:
        """Write the folder anew. ``document`` is the plan as ``terraform show -json`` has it."""
        _empty(folder)
        shutil.copytree(packages, folder / PACKAGES)
        shutil.copyfile(plan, folder / PLAN)
        drift = changed_outside(document)
        counts = {"add": changes.add, "change": changes.change, "destroy": changes.remove}
        counts_and_drift = {**counts, "outputs": changes.outputs, "drift": drift}
        (folder / "changes.json").write_text(json.dumps(counts_and_drift, indent=1) + "\n")
        (folder / "summary.md").write_text(summary(environment, changes, document))
        digests = {name: sha256(folder / name) for name in _files(folder)}
        content = {"environment": environment, "keys": keys(document), "sha256": digests}
        (folder / DIGESTS).write_text(json.dumps(content, indent=1) + "\n")
        return cls(folder, environment)

    @classmethod
    def load(cls, folder: Path, environment: str) -> Self:
        """The plan in ``folder``: ``NoPlan`` where there is none, ``PlanChanged`` where a file is another.

        ``MissingKey`` where the environment lacks a TF_VAR_… that the plan needs.
        """
        try:
            content = json.loads((folder / DIGESTS).read_text())
        except FileNotFoundError:
            raise NoPlan(
                f"{folder} holds no plan; `coinlake plan {environment} --out {folder}` writes one"
            ) from None
        if content["environment"] != environment:
            raise PlanChanged(f"{folder} is a plan of {content['environment']}, not of {environment}")
        # Terraform would find an empty key only after it changed other things.
        if missing := [name for name in content["keys"] if not os.environ.get(f"TF_VAR_{name}")]:
            raise MissingKey(
                f"the plan of {environment} needs {', '.join(missing)}, which no plan holds: export "
                f"TF_VAR_{missing[0]}=<key>"
            )
        hashes = {name: sha256(folder / name) for name in _files(folder)}
        if others := sorted({name for name, _ in hashes.items() ^ content["sha256"].items()}):
            raise PlanChanged(f"{', '.join(others)} in {folder} is not what was planned; plan again")
        return cls(folder, environment)

    @property
    def plan(self) -> Path:
        return self.folder / PLAN

    def restore_packages(self, target: Path) -> None:
        """Put the zips where the plan expects them."""
        shutil.copytree(self.folder / PACKAGES, target, dirs_exist_ok=True)

    def upload(self, aws: Aws, bucket: str) -> str:
        """Put the folder into the state bucket; returns the archive's SHA-256, by which it is fetched.

        It is written to ``<folder>.sha256`` too.
        """
        archive = self.folder.with_name(f"{self.folder.name}.zip")
        with zipfile.ZipFile(archive, "w") as packed:
            for name in (*_files(self.folder), DIGESTS):
                packed.write(self.folder / name, name)
        digest = sha256(archive)
        with archive.open("rb") as body:
            aws.client("s3").put_object(Bucket=bucket, Key=archive_key(self.environment, digest), Body=body)
        archive.unlink()
        self.folder.with_name(f"{self.folder.name}.sha256").write_text(digest)
        return digest


def download(aws: Aws, bucket: str, environment: str, digest: str, folder: Path) -> None:
    """Fetch a plan that was uploaded; ``PlanChanged`` unless its bytes have this SHA-256."""
    archive = folder.with_name(f"{folder.name}.zip")
    archive.parent.mkdir(parents=True, exist_ok=True)
    try:
        aws.client("s3").download_file(bucket, archive_key(environment, digest), str(archive))
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
            raise
        raise NoPlan(f"there is no plan {digest} of {environment} any more; plan again") from None
    if sha256(archive) != digest:
        raise PlanChanged(f"the plan {digest} of {environment} is not what was planned; plan again")
    _empty(folder)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    archive.unlink()


def archive_key(environment: str, digest: str) -> str:
    return f"{PLANS}{environment}/{digest}.zip"


def keys(document: Mapping[str, Any]) -> list[str]:
    """The variables with what is in SSM; their values are in no plan, and applying wants them again."""
    names = {"api_key": "{}_api_key", "load_url": "load_{}_url"}
    return [
        names[change["name"]].format(change["index"])
        for change in document.get("resource_changes", ())
        if change.get("type") == "aws_ssm_parameter"
        and change["change"]["actions"] != ["delete"]
        and change["name"] in names
    ]


def changed_outside(document: Mapping[str, Any]) -> list[str]:
    """Addresses that differ from the state and that Terraform would set back.

    A difference that the configuration does not mind (a counter, a time) is no drift.
    """
    reverted = {address for address, actions in _changes(document) if actions in SIGNS}
    return sorted(
        {change["address"] for change in document.get("resource_drift", ()) if change["address"] in reverted}
    )


def summary(environment: str, changes: Changes, document: Mapping[str, Any]) -> str:
    """The plan in Markdown: what becomes of which address, and not a value."""
    rows = [
        f"| {SIGNS[actions]} | `{address}` |" for address, actions in _changes(document) if actions in SIGNS
    ]
    lines = [f"### {environment}: {changes}", ""]
    if rows:
        lines += ["| | |", "|---|---|", *rows[:SHOWN_ROWS]]
        lines += [f"| | … and {len(rows) - SHOWN_ROWS} more |"] if len(rows) > SHOWN_ROWS else []
    elif changes:
        lines += ["Only outputs change."]
    if drift := changed_outside(document):
        lines += ["", "Changed outside Terraform:", "", *(f"- `{address}`" for address in drift[:SHOWN_ROWS])]
    return "\n".join(lines) + "\n"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _empty(folder: Path) -> None:
    """Remove an earlier plan, and nothing else."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / DIGESTS).is_file():
        raise NoPlan(f"{folder} is there and holds no plan; name a folder that is empty or absent")
    shutil.rmtree(folder, ignore_errors=True)


def _changes(document: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for change in document.get("resource_changes", ()):
        yield change["address"], tuple(change["change"]["actions"])


def _files(folder: Path) -> list[str]:
    """Every file but the digests."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(name for path in paths if (name := path.relative_to(folder).as_posix()) != DIGESTS)
