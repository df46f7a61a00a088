import os
import subprocess
import sys

import pytest

from ops.local.processes import Process, ProcessFailed
from tests.patience import PATIENCE_SECONDS

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "open(sys.argv[1], 'w').close(); time.sleep(600)",
]


@pytest.fixture
def process(tmp_path):
    one = Process("sleeper", tmp_path, grace_seconds=PATIENCE_SECONDS)
    yield one
    one.stop()


def test_a_started_process_is_found_again_and_stopped(process, tmp_path):
    process.start(SLEEPER, os.environ, lambda: True, PATIENCE_SECONDS)
    pid = Process("sleeper", tmp_path).pid()
    assert pid is not None
    assert process.stop()
    assert Process("sleeper", tmp_path).pid() is None
    assert not process.stop()


def test_a_reused_pid_is_not_mistaken_for_the_process(process, tmp_path):
    other = subprocess.Popen(SLEEPER)
    (tmp_path / "sleeper.pid").write_text(str(other.pid))
    assert process.pid() is None
    assert not process.stop()
    assert other.poll() is None
    other.kill()


def test_a_process_that_ended_by_itself_has_crashed_and_a_stopped_one_has_not(process):
    process.start([sys.executable, "-c", ""], os.environ, lambda: True, PATIENCE_SECONDS)
    assert process._ended()
    assert process.crashed
    process.start(SLEEPER, os.environ, lambda: True, PATIENCE_SECONDS)
    process.stop()
    assert not process.crashed


def test_a_process_that_stops_at_once_is_reported_with_its_last_log_line(process):
    last_words = [sys.executable, "-c", "raise SystemExit('the port is taken')"]
    with pytest.raises(ProcessFailed, match="the port is taken"):
        process.start(last_words, os.environ, lambda: False, PATIENCE_SECONDS)


def test_a_process_that_is_never_ready_is_stopped_and_reported(process):
    with pytest.raises(ProcessFailed, match="not ready within 0 s"):
        process.start(SLEEPER, os.environ, lambda: False, 0.2)
    assert process.pid() is None


def test_a_process_that_ignores_sigterm_is_killed(tmp_path):
    mark = tmp_path / "deaf"
    process = Process("stubborn", tmp_path, grace_seconds=0.3)
    process.start([*STUBBORN, str(mark)], os.environ, mark.exists, PATIENCE_SECONDS)
    assert process.stop()
    assert process.pid() is None


def test_two_commands_cannot_start_it_at_once(process):
    process.start(SLEEPER, os.environ, lambda: True, PATIENCE_SECONDS)
    with pytest.raises(ProcessFailed, match="being started"):
        process.start(SLEEPER, os.environ, lambda: True, PATIENCE_SECONDS)


def test_a_second_start_leaves_the_first_to_be_found_and_stopped(process, tmp_path):
    process.start(SLEEPER, os.environ, lambda: True, PATIENCE_SECONDS)
    pid = process.pid()
    with pytest.raises(ProcessFailed, match="being started"):
        process.start(SLEEPER, os.environ, lambda: True, PATIENCE_SECONDS)
    assert Process("sleeper", tmp_path).pid() == pid
    assert process.stop()
