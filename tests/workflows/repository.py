"""A copy of the project as a repository of GitHub's, an embedded AWS, and act, which runs its workflows."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.aws import Aws
from ops.local.emulator import Emulator
from ops.local.laptop import ACCOUNT, REGION, Laptop
from tests.e2e.ports import free_ports
from tools import dependencies, workflows

from .tokens import REPOSITORY_ID, SUBJECT_PREFIX, token

ROOT = Path(__file__).resolve().parents[2]
STAND_INS = ROOT / "tests" / "workflows" / "actions"
NOT_COPIED = (
    ".git",
    ".venv",
    "build",
    "__pycache__",
    ".*_cache",
    ".local*",
    ".hypothesis",
    ".terraform*",
    "*.egg-info",
)
REPLACED = {
    "actions/checkout": "checkout",
    "actions/setup-python": "nothing",
    "hashicorp/setup-terraform": "nothing",
    "aws-actions/configure-aws-credentials": "credentials",
}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/github-coinlake-dev"
DEV = f"""
environment  = "dev"
region       = "{REGION}"
protect_data = false
alert_emails = []

coingecko_plan       = "demo"
credits_per_month    = {{ coingecko = 100000 }}
permissions_boundary = "arn:aws:iam::{ACCOUNT}:policy/github-coinlake-dev-boundary"
"""
RUNTIME, ARCHITECTURE = "python3.13", "arm64"


@dataclass(frozen=True)
class Repository:
    """The copy in ``folder``, whose ``coinlake`` and workflows reach the embedded AWS alone."""

    folder: Path
    home: Path
    aws: Aws

    def coinlake(self, *arguments: str, keys: Mapping[str, str] | None = None) -> str:
        """What the command prints; ``keys`` are its AWS_… and TF_VAR_…; ``AssertionError`` where it fails."""
        env = {**self.aws.environment, **self.paths, **(keys or {})}
        command = [str(self.folder / ".venv" / "bin" / "coinlake"), *arguments]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(done.stderr)
        return done.stdout

    def act(self, workflow: str, event: str, *options: str, checkout: Path | None = None) -> str:
        """The log of a workflow's run, whose jobs get ``checkout``, this repository unless given."""
        text = (self.folder / ".github" / "workflows" / workflow).read_text()
        replaced = [
            f"--local-repository={action}@{pin}={STAND_INS / REPLACED[action]}"
            for action, pin in set(re.findall(r"uses: ([\w/-]+)@(\w{40})", text))
        ]
        passed = {
            **{name: self.aws.environment[name] for name in ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE")},
            **self.paths,
            "TEST_CHECKOUT": str(checkout or self.folder),
            "TEST_SUBJECT_PREFIX": SUBJECT_PREFIX,
            "TERM": "dumb",
        }
        variables = {
            "AWS_REGION": REGION,
            "AWS_PLAN_ROLE": f"{ROLE}-plan",
            "AWS_DEPLOY_ROLE": f"{ROLE}-deploy",
        }
        command = [
            *(str(workflows.venv().bin / "act"), event, f"--workflows=.github/workflows/{workflow}"),
            *("--platform=ubuntu-24.04=-self-hosted", "--no-skip-checkout", "--action-offline-mode"),
            *("--no-cache-server", *replaced, *options),
            *(f"--env={name}={value}" for name, value in passed.items()),
            *(f"--var={name}={value}" for name, value in variables.items()),
        ]
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def assume(self, role: str, environment: str, **claims: str) -> dict[str, str]:
        """The keys of a role, for a token of a job of ``environment``."""
        subject = claims.pop("sub", f"{SUBJECT_PREFIX}:environment:{environment}")
        given = self.aws.client("sts").assume_role_with_web_identity(
            RoleArn=f"{ROLE}-{role}",
            RoleSessionName="GitHubActions",
            WebIdentityToken=token(subject, **claims),
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    @property
    def paths(self) -> dict[str, str]:
        """The code of the folder that a command runs in, not of the project that is tested."""
        return {"PYTHONPATH": ".:functions:layers/coinlake/python"}


@contextmanager
def running(folder: Path) -> Iterator[Repository]:
    """The repository below ``folder``, with an embedded AWS that runs as long."""
    laptop = Laptop(folder / "laptop", free_ports())
    laptop.folder.mkdir()
    emulator = Emulator(laptop)
    emulator.venv.install()
    emulator.start()
    try:
        copy = folder / "github" / "coinlake"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
        _settings(copy)
        _environment(copy / ".venv")
        _small_packages(copy / "build" / "cache")
        _git(copy)
        home = folder / "home"
        home.mkdir()
        yield Repository(copy, home, Aws.embedded(laptop))
    finally:
        emulator.stop()


def _settings(folder: Path) -> None:
    (folder / "terraform" / "environments" / "dev.tfvars").write_text(DEV)
    (folder / "terraform" / "github" / "github.tfvars").write_text(
        f'subject_prefix = "{SUBJECT_PREFIX}"\nrepository_id  = "{REPOSITORY_ID}"\n'
    )


def _environment(venv: Path) -> None:
    """What `make setup` would make, which so finds nothing to do."""
    venv.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name != "ready":
            (venv / entry.name).symlink_to(entry)
    (venv / "ready").touch()


def _small_packages(cache: Path) -> None:
    """Stand-ins for what would be downloaded; the deployed functions are not run here."""
    target = dependencies.Target.parse(RUNTIME, ARCHITECTURE)
    cache.mkdir(parents=True)
    shutil.make_archive(
        str(cache / dependencies._cache_name(target, dependencies.REQUIREMENTS)), "zip", STAND_INS / "nothing"
    )
    for requirements in ROOT.glob("functions/*/requirements.txt"):
        own = cache / f"{requirements.parent.name}-{dependencies._cache_name(target, requirements)}"
        shutil.copytree(STAND_INS / "nothing", own)


def _git(folder: Path) -> None:
    """act asks git which repository and commit it runs for."""
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com"]
    for arguments in (
        ["init", "--quiet", "--initial-branch=main"],
        ["commit", "--quiet", "--allow-empty", "--message=main"],
        ["remote", "add", "origin", "https://github.com/octo-org/coinlake.git"],
    ):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
