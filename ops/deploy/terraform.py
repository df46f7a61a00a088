"""Terraform as the command runs it: the real stack, one data folder per environment."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from coinlake.errors import CoinlakeError
from ops.deploy.tfvars import TERRAFORM
from tools.terraform import init_arguments, terraform_environment, terraform_executable

_LOCK_ID: Final = re.compile(r"\bID:\s+([0-9a-f-]{36})")
_NOT_YET: Final = "Unable to validate the following destination configurations"
_SPACE: Final = re.compile(r"\s+")
_DRAWN: Final = re.compile(r"[│╷╵]|\x1b\[[0-9;]*m")
Report = Callable[[str], None]


class TerraformFailed(CoinlakeError):
    """Terraform refused or could not finish; the message is its first error."""


class NotYetConsistent(TerraformFailed):
    """S3 did not see a policy that was written a moment before; the same once more succeeds."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a plan would do, in resources and outputs; false for a plan that does nothing."""

    add: int = 0
    change: int = 0
    remove: int = 0
    outputs: int = 0

    def __bool__(self) -> bool:
        return self != Changes()

    def __str__(self) -> str:
        return f"{self.add} to add, {self.change} to change, {self.remove} to destroy"


@dataclass(frozen=True, slots=True)
class Terraform:
    """One environment's Terraform: ``data`` is its TF_DATA_DIR, ``inputs`` its -var-file arguments."""

    environment: str
    data: Path
    inputs: Sequence[Path]
    variables: Mapping[str, str]
    parallelism: int = 10
    root: Path = TERRAFORM

    def init(self, backend: Mapping[str, str]) -> None:
        """Fetch the provider and connect to the state that ``backend`` names."""
        settings = [f"-backend-config={name}={value}" for name, value in backend.items()]
        self._run("init", "-input=false", "-reconfigure", "-no-color", *settings, *init_arguments())

    def plan(
        self, report: Report, *, destroy: bool = False, lock: bool = True, only: str | None = None
    ) -> Changes:
        """Write a plan for ``apply``, of everything or of the resource ``only``; nothing changes yet.

        Without the lock it needs no right to write: a plan that another run overtakes is refused by apply.
        """
        extra = [*(["-destroy"] if destroy else []), *([] if lock else ["-lock=false"])]
        extra += [f"-target={only}"] if only else []
        return self._stream(report, "plan", f"-out={self.plan_file}", *self._inputs, *extra)

    def show_plan(self) -> str:
        """The plan in Terraform's words; it is used up."""
        try:
            return self._run("show", "-no-color", str(self.plan_file))
        finally:
            self.plan_file.unlink(missing_ok=True)

    def plan_document(self) -> dict[str, Any]:
        """The plan as data, values of the state included."""
        document: dict[str, Any] = json.loads(self._run("show", "-json", "-no-color", str(self.plan_file)))
        return document

    def apply(self, report: Report) -> Changes:
        """Carry out the plan, which is then used up."""
        try:
            return self._stream(report, "apply", str(self.plan_file))
        finally:
            self.plan_file.unlink(missing_ok=True)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, each by its value; empty where nothing is deployed."""
        shown = json.loads(self._run("output", "-json", "-no-color"))
        return {name: output["value"] for name, output in shown.items()}

    def unlock(self, lock_id: str) -> None:
        """Remove a lock whose holder is gone."""
        self._run("force-unlock", "-force", "-no-color", lock_id)

    @property
    def plan_file(self) -> Path:
        """Where ``plan`` writes and ``apply`` reads."""
        return self.data / "coinlake.tfplan"

    @property
    def _inputs(self) -> list[str]:
        return [f"-var-file={path}" for path in self.inputs]

    def _command(self, *arguments: str) -> tuple[list[str], dict[str, str]]:
        self.data.mkdir(parents=True, exist_ok=True)
        env = {
            **terraform_environment(self.variables),
            "TF_DATA_DIR": str(self.data),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
        return [terraform_executable(), f"-chdir={self.root}", *arguments], env

    def _run(self, *arguments: str) -> str:
        command, env = self._command(*arguments)
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise self._failure(arguments[0], done.stderr or done.stdout)
        return done.stdout

    def _stream(self, report: Report, verb: str, *arguments: str) -> Changes:
        options = ["-json", "-input=false", f"-parallelism={self.parallelism}"]
        command, env = self._command(verb, *options, *arguments)
        log = TerraformLog()
        with subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as child:
            try:
                for line in child.stdout or ():
                    report(log.read_line(line))
            except KeyboardInterrupt:
                child.wait()  # Ctrl-C reached Terraform too: it ends in order and gives back the lock
                raise
        if child.returncode:
            raise self._failure(verb, "\n".join(log.errors))
        return log.changes

    def _failure(self, verb: str, text: str) -> TerraformFailed:
        lock = _LOCK_ID.search(text)
        if lock and "lock" in text.lower():
            return TerraformFailed(
                "another terraform run holds the state's lock, or one was killed while it held it; "
                f"if none runs, `coinlake unlock {self.environment} {lock[1]}` removes the lock"
            )
        kind = NotYetConsistent if _NOT_YET in text else TerraformFailed
        return kind(f"terraform {verb} failed: {one_line(text)}")


class TerraformLog:
    """What Terraform's machine-readable lines have reported so far."""

    def __init__(self) -> None:
        self.changes = Changes()
        self._errors: list[str] = []
        self._other_lines: list[str] = []
        self.plan_filened = self._done = 0

    @property
    def errors(self) -> list[str]:
        """What Terraform calls errors, or else whatever it printed."""
        return self._errors or self._other_lines or ["no message"]

    def read_line(self, line: str) -> str:
        """Take one line in; return how far Terraform is."""
        try:
            event = json.loads(line)
        except ValueError:
            self._other_lines.append(line.strip())
            return ""
        match event.get("type"):
            case "planned_change":
                self.plan_filened += 1
            case "apply_complete":
                self._done += 1
            case "change_summary":
                counts = event["changes"]
                self.changes = replace(
                    self.changes, add=counts["add"], change=counts["change"], remove=counts["remove"]
                )
                self.plan_filened = counts["add"] + counts["change"] + counts["remove"]
            case "outputs":
                actions = [output.get("action", "noop") for output in event["outputs"].values()]
                self.changes = replace(self.changes, outputs=sum(action != "noop" for action in actions))
            case "diagnostic" if event["diagnostic"]["severity"] == "error":
                self._errors.append(" ".join(_diagnosis(event["diagnostic"])))
        return self._progress(event)

    def _progress(self, event: Mapping[str, Any]) -> str:
        address = event.get("hook", {}).get("resource", {}).get("addr", "")
        return f"{self._done} of {self.plan_filened} {address}" if self.plan_filened else address


def variable_file(path: Path, values: Mapping[str, Any]) -> Path:
    """Write a file for ``inputs``; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=1) + "\n")
    return path


def _diagnosis(diagnostic: Mapping[str, Any]) -> Iterator[str]:
    yield f"{diagnostic['summary']}:" if diagnostic.get("detail") else diagnostic["summary"]
    if diagnostic.get("detail"):
        yield diagnostic["detail"]
    if diagnostic.get("address"):
        yield f"({diagnostic['address']})"


def one_line(text: str) -> str:
    """Terraform's drawn and coloured boxes as one line of at most 600 characters."""
    return _SPACE.sub(" ", _DRAWN.sub(" ", text)).strip()[:600]
