"""StartJobRun of a Spark job, which MiniStack without Docker calls SUCCEEDED and never runs.

Here it runs as Glue runs it: the script of the job, with its arguments and extra code, in Spark's own
environment (`make spark`), with the credentials of the job's role, so that IAM decides what it may do. A run
ends as SUCCEEDED, FAILED with the script's last line, or STOPPED.
Source: AWS Glue Developer Guide, "Using job parameters in AWS Glue jobs".
"""

import atexit
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

PYTHON: Final = "COINLAKE_SPARK_PYTHON"  # the interpreter, which may be made after MiniStack has started
MASTER: Final = "local[2]"
_SECONDS: Final = 0.5
_LAST_LINE: Final = 2000
_running: Final[set[subprocess.Popen[str]]] = set()


class Images:
    """Of a Docker that is not here: every image is there."""

    def get(self, _name: str) -> None:
        """Nothing; MiniStack only asks whether it raises."""


class NoDocker:
    images: Final = Images()


def patch(glue: Any, lambda_runtime: Any, account: Any) -> None:
    """Let ``glue`` run Spark jobs; ``account`` is MiniStack's module of the account and the region."""

    def get_docker() -> NoDocker:
        return NoDocker()

    def run_spark(
        run: dict[str, Any],
        job: Mapping[str, Any],
        job_name: str,
        args: Mapping[str, str],
        script: str,
        _: Any,
    ) -> None:
        place = f"{account.get_region()}:{account.get_account_id()}"
        arn = f"arn:aws:lambda:{place}:function:{job_name}"  # it takes the ARN of functions alone
        role = {"FunctionArn": arn, "Role": job["Role"], "FunctionName": job_name}
        code = glue._resolve_script(args.get("--extra-py-files", ""))
        keys = {**lambda_runtime.execution_credentials(role), "AWS_DEFAULT_REGION": account.get_region()}
        execute(run, [script, *arguments(args)], {**keys, "PYTHONPATH": code or ""})

    glue._get_docker = get_docker
    glue._execute_spark_docker = run_spark
    atexit.register(_end_all)


def arguments(args: Mapping[str, str]) -> Iterator[str]:
    """The job's arguments as a script has them on its command line."""
    for name, value in args.items():
        yield from (name, str(value))


def execute(run: dict[str, Any], command: list[str], variables: Mapping[str, str]) -> None:
    """Run the script to its end, or until the run is stopped, and say in ``run`` how it went."""
    python = os.environ.get(PYTHON, "")
    if not Path(python).is_file():
        run.update(JobRunState="FAILED", ErrorMessage="Spark has no environment here; `make spark` makes it")
        return
    port = os.environ["GATEWAY_PORT"]
    env = {
        **os.environ,
        "AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}",
        "PYSPARK_PYTHON": python,
        "PYSPARK_SUBMIT_ARGS": f"--master {MASTER} --conf spark.driver.memory=1g pyspark-shell",
        "SPARK_LOCAL_IP": "127.0.0.1",
        **variables,
    }
    process = subprocess.Popen(
        [python, *command],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _running.add(process)
    try:
        said = _followed(process, run)
    finally:
        _end(process)
    if run["JobRunState"] != "STOPPED":
        failed = process.returncode != 0
        message = (said.strip().splitlines() or ["no message"])[-1][-_LAST_LINE:] if failed else ""
        run.update(JobRunState="FAILED" if failed else "SUCCEEDED", ErrorMessage=message)


def _followed(process: subprocess.Popen[str], run: Mapping[str, Any]) -> str:
    """What it wrote to standard error; it is ended where the run is stopped."""
    said = ""
    while run["JobRunState"] != "STOPPED":
        try:
            _, said = process.communicate(timeout=_SECONDS)
            return said
        except subprocess.TimeoutExpired:
            continue
    return said


def _end(process: subprocess.Popen[str]) -> None:
    _running.discard(process)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end_all() -> None:
    for process in list(_running):
        _end(process)
