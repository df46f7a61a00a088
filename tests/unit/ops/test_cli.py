import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
import typer.main
from typer.testing import CliRunner

from coinlake.errors import BadConfiguration
from ops import cli
from ops.local.laptop import Laptop
from ops.paths import ROOT
from ops.query.questions import questions

COMMANDS = sorted(typer.main.get_command(cli.app).commands)


def coinlake(*arguments: str, appended: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own; ``appended`` is what a shell appends, such as ``>&-``."""
    command = shlex.join([sys.executable, "-m", "ops.cli", *arguments])
    path = os.pathsep.join(str(ROOT / folder) for folder in ("", "functions", "layers/coinlake/python"))
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} {appended}"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "HOME": os.environ["HOME"], **env},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def refused(monkeypatch, capsys, tmp_path):
    """Run the command here, on a laptop of its own; what it says of its error."""

    def run(*arguments: str) -> str:
        monkeypatch.setenv("COINLAKE_LOCAL", str(tmp_path))
        monkeypatch.setattr(sys, "argv", ["coinlake", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 1
        return capsys.readouterr().err

    return run


def test_every_command_is_there_and_says_what_it_does():
    assert COMMANDS == [
        "airflow",
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
        "outputs",
        "pause",
        "plan",
        "preflight",
        "query",
        "rebuild",
        "reconcile",
        "redrive",
        "replay",
        "resume",
        "snowflake",
        "status",
        "stream",
        "unlock",
        "up",
        "verify",
    ]
    for command in COMMANDS:
        shown = CliRunner().invoke(cli.app, [command, "--help"])
        assert shown.exit_code == 0
        assert len(shown.output.split("Usage:")[1]) > 200


def test_a_command_loads_no_other():
    code = (
        "import sys; from ops.cli import app; app(['down', '-h'], standalone_mode=False); print(*sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = shown.stdout.splitlines()[-1].split()
    assert [name for name in COMMANDS if f"ops.commands.{name}" in loaded] == ["down"]


def test_a_command_that_is_not_there_is_answered_by_those_like_it():
    done = CliRunner().invoke(cli.app, ["stauts"])
    assert done.exit_code == 2
    assert "Did you mean 'status'" in done.output


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


def leaves(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that can be run, by its words."""
    children = getattr(command, "commands", None)
    if children:
        for word, child in children.items():
            yield from leaves(child, f"{name} {word}".strip())
    else:
        yield name, command


@pytest.mark.parametrize(("name", "command"), list(leaves(typer.main.get_command(cli.app))))
def test_every_command_takes_json(name, command):
    assert "--json" in [option for parameter in command.params for option in parameter.opts], name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["query", "--csv", "no/such/folder/x.csv", "SELECT 1"], "there is no folder no/such/folder"),
        (["query", "--parquet", "/", "SELECT 1"], "/ is a folder"),
        (["query", "--json", "--csv", "-", "SELECT 1"], "standard output takes one of"),
        (["query", "--csv", "-", "--parquet", "-", "SELECT 1"], "standard output takes one of"),
        (["query", "--list", "SELECT 1"], "--list asks nothing"),
        (["query", "  "], "give either SQL or --name"),
        (["gaps", "--picture", "no/such/folder/x.svg"], "there is no folder no/such/folder"),
        (["gaps", "--json", "--picture", "-"], "standard output takes one of"),
        (["reconcile", "--end", "nonsense"], "--end needs --start"),
        (["reconcile", "--start", "2026-11-01", "--days", "3"], "give either --days or --start"),
        (["stream", "--seconds", "inf"], "--seconds is a number"),
        (["status", "--days", "0"], "greater than or equal to 1"),
    ],
)
def test_options_that_cannot_work_are_answered_by_the_usage(arguments, words, tmp_path):
    done = CliRunner(env={"COINLAKE_LOCAL": str(tmp_path), "COLUMNS": "200"}).invoke(cli.app, arguments)
    assert done.exit_code == 2, done.stderr
    assert words in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", "| true", "| head -c 1"])
@pytest.mark.parametrize("arguments", [["query", "--list"], ["query", "--list", "--json"]])
def test_a_closed_stream_is_no_traceback(arguments, closed, tmp_path):
    done = coinlake(*arguments, appended=closed, COINLAKE_LOCAL=str(tmp_path))
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_document_that_cannot_be_written_is_an_error():
    done = coinlake("query", "--list", "--json", appended=">&-")
    assert (done.returncode, done.stderr) == (
        1,
        "error: output_closed: standard output is closed; redirect it to a file or a pipe\n",
    )


def test_characters_that_a_stream_lacks_are_written_as_escapes(tmp_path):
    done = coinlake("down", "--json", PYTHONIOENCODING="ascii", COINLAKE_LOCAL=str(tmp_path))
    assert json.loads(done.stdout) == {"stopped": [], "deleted": []}
    done = coinlake("query", "--list", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")


def test_in_a_pipe_no_cell_is_cut():
    done = coinlake("query", "--list")
    shown = re.sub(r"\s+", " ", done.stdout)
    for question in questions().values():
        assert f"{', '.join(column.name for column in question.columns)} │" in shown


@pytest.mark.parametrize("command", ["status", "assets", "gaps", "dashboard"])
def test_a_down_stack_is_named_with_the_remedy(command, refused, monkeypatch, tmp_path):
    monkeypatch.setenv("COINLAKE_PORT", "1999")
    (tmp_path / "outputs.json").write_text("{}")
    shown = refused(command)
    assert shown.startswith("error: the embedded stack is down (nothing answers on https://127.0.0.1:1999)")
    assert "`coinlake up` starts it again" in shown


@pytest.mark.parametrize("outputs", ["", "{", "[1"])
def test_damaged_outputs_are_named_with_the_remedy(outputs, refused, tmp_path):
    (tmp_path / "outputs.json").write_text(outputs)
    assert refused("status") == f"error: {tmp_path}/outputs.json is damaged; `coinlake up` writes it anew\n"


def test_markup_in_a_path_is_shown_as_it_is(tmp_path):
    folder = tmp_path / "[red]x[/] :smile:"
    Laptop(folder, 6000).claim()
    done = coinlake("down", "--wipe", COINLAKE_LOCAL=str(folder))
    assert done.stdout == f"deleted {folder}\n"
