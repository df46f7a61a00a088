"""The collector's image, its task in Terraform and its code agree; no engine here could build it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import hcl2
import pytest

from stream.settings import Settings

ROOT = Path(__file__).parents[2]
STAGE = ROOT / "functions" / "stream"
DOCKERFILE = (STAGE / "Dockerfile").read_text()
TERRAFORM = (ROOT / "terraform" / "stream.tf").read_text()

LEFT_AT_ITS_DEFAULT = {"INSTANCE", "BATCH_BYTES", "SPOOL_MAX_BYTES", "URLS"}
# What botocore and Python take if it is there, and do without.
OPTIONAL = {"certifi", "setuptools"}
IMPORTED = """
import importlib.metadata, json, sys
import stream.__main__
tops = {name.partition(".")[0] for name in sys.modules}
owners = importlib.metadata.packages_distributions()
print(json.dumps(sorted({owner for top in tops for owner in owners.get(top, ())})))
"""


class RecordingEnvironment(dict[str, str]):
    """An environment that answers every question and remembers its name."""

    def get(self, name: str, default: str | None = None) -> str:  # type: ignore[override]
        self[name] = "1"
        return "1"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_the_image_copies_is_there_and_is_not_ignored() -> None:
    sources = re.findall(r"^COPY (\S+) ", DOCKERFILE, re.M)
    admitted = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.M)
    assert sources
    for source in sources:
        assert (ROOT / source).exists()
        assert any(source == place or source.startswith(f"{place}/") for place in admitted)


def test_the_task_has_the_images_user_and_spool() -> None:
    (user,) = re.findall(r"^USER (\S+)$", DOCKERFILE, re.M)
    (spool,) = json.loads(re.findall(r"^VOLUME (.+)$", DOCKERFILE, re.M)[0])
    assert f'user                   = "{user}"' in TERRAFORM
    assert f'stream_spool = "{spool}"' in TERRAFORM
    owner, group = user.split(":")
    assert f"--owner {owner} --group {group} {spool}" in DOCKERFILE


def test_terraform_sets_what_the_collector_reads() -> None:
    environment = RecordingEnvironment()
    Settings.from_env(environment)
    (entry,) = (one for one in hcl2.loads(TERRAFORM)["locals"] if "stream_environment" in one)
    named = set(re.findall(r"\b([A-Z][A-Z_]+)(?= *[=:])", entry["stream_environment"]))
    ours = {name for name in named if not name.startswith(("POWERTOOLS_", "AWS_"))}
    assert ours == set(environment) - LEFT_AT_ITS_DEFAULT


def test_the_images_pins_hold_everything_that_the_collector_imports() -> None:
    path = f"{STAGE.parent}:{ROOT / 'layers' / 'coinlake' / 'python'}"
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED],
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(done.stderr)
    pinned = {
        canonical(name)
        for name in re.findall(r"^([A-Za-z0-9._-]+)==", (STAGE / "requirements.txt").read_text(), re.M)
    }
    assert {canonical(name) for name in json.loads(done.stdout)} - {"coinlake-project"} - OPTIONAL <= pinned
