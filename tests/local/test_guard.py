from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from sparkml_sm.local.guard import guarded, kill

SPAWNS = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(60)\n"
)


def ended(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            state = (
                Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            )
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("status", [0, 7])
def test_the_exit_status_is_the_commands(tmp_path: Path, status: int) -> None:
    guard = guarded([sys.executable, "-c", f"raise SystemExit({status})"], env={}, cwd=tmp_path)
    assert guard.wait(20) == status
    kill(guard)


def test_a_signal_reaches_the_command(tmp_path: Path) -> None:
    guard = guarded(["/bin/sleep", "60"], env={}, cwd=tmp_path)
    time.sleep(0.3)
    guard.terminate()
    assert guard.wait(20) == 128 + signal.SIGTERM
    kill(guard)


def test_grandchildren_end_and_files_go_when_the_pipe_closes(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "file").touch()
    read, write = os.pipe()
    guard = guarded(
        [sys.executable, "-c", SPAWNS], env={}, cwd=tmp_path, stdout=write, remove=[scratch]
    )
    os.close(write)
    with os.fdopen(read) as lines:
        grandchild = int(lines.readline())
        kill(guard)
    assert ended(grandchild)
    assert not scratch.exists()


def test_without_a_command_it_waits_for_the_parent(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    guard = guarded([], env={}, cwd=tmp_path, remove=[scratch])
    time.sleep(0.2)
    assert guard.poll() is None
    assert scratch.exists()
    kill(guard)
    assert not scratch.exists()
