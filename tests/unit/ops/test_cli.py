import os
import subprocess
import sys

import pytest
import typer.main
from typer.testing import CliRunner

from coinlake.errors import BadConfiguration
from ops import cli
from ops.paths import ROOT

COMMANDS = sorted(typer.main.get_command(cli.app).commands)


def coinlake(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(str(ROOT / folder) for folder in ("", "functions", "layers/coinlake/python"))
    return subprocess.run(
        [sys.executable, "-m", "ops.cli", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "HOME": os.environ["HOME"], **env},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_every_command_is_there_and_says_what_it_does():
    assert COMMANDS == [
        "alerts",
        "apply",
        "assets",
        "backfill",
        "bootstrap",
        "dashboard",
        "demo",
        "deploy",
        "destroy",
        "down",
        "gaps",
        "load",
        "pause",
        "plan",
        "preflight",
        "query",
        "rebuild",
        "reconcile",
        "redrive",
        "replay",
        "resume",
        "status",
        "stream",
        "unlock",
        "up",
    ]
    for command in COMMANDS:
        shown = CliRunner().invoke(cli.app, [command, "--help"])
        assert shown.exit_code == 0
        assert len(shown.output.split("Usage:")[1]) > 200


def test_without_arguments_the_help_is_shown():
    assert "On this laptop" in CliRunner().invoke(cli.app, []).output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status"], "error: the embedded stack is not up; run `coinlake up`"),
        (["replay", "--start", "2026-11-21", "--end", "2026-11-20"], "error: bad_range: "),
        (["reconcile", "--start", "yesterday"], "error: bad_time: 'yesterday'"),
        (["deploy", "local"], "error: the local environment lives on this machine"),
        (["deploy", "dve"], "error: config_not_found: "),
        (["bootstrap", "dev"], "error: auth: "),
        (["status", "--env", "dev"], "error: auth: "),
    ],
)
def test_an_error_is_one_sentence_on_stderr_and_no_traceback(arguments, message, tmp_path):
    done = coinlake(*arguments, COINLAKE_LOCAL=str(tmp_path), AWS_CONFIG_FILE=str(tmp_path / "none"))
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stdout + done.stderr


def test_a_misused_command_is_answered_by_its_usage():
    done = coinlake("query")
    assert done.returncode == 2
    assert "Usage:" in done.stderr
    assert "give either SQL or --name" in done.stderr


def test_down_says_that_nothing_ran(tmp_path):
    done = coinlake("down", COINLAKE_LOCAL=str(tmp_path))
    assert (done.returncode, done.stdout.strip()) == (0, "nothing was running")


def test_ctrl_c_is_not_an_error(monkeypatch, capsys):
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", stop)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "stopped\n"


def test_markup_in_an_error_is_shown_as_it_is(monkeypatch, capsys):
    def fail() -> None:
        raise BadConfiguration("no [bold]feed[/] here")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit):
        cli.main()
    assert capsys.readouterr().err == "error: no [bold]feed[/] here\n"
