"""Runs a command that ends when its parent ends, however that happens.

The guard holds the read end of a pipe whose write end only the parent has. When the parent closes
it, or is killed, the guard kills the command and everything that the command started. It is run by
file name and imports the standard library alone, so it is up in about 15 ms.
"""

from __future__ import annotations

import argparse
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

__all__ = ["guarded", "kill", "main", "signals", "watch_parent"]

_POLL_SECONDS = 1.0


def guarded(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    remove: Iterable[Path] = (),
) -> subprocess.Popen[bytes]:
    """Start a command under a guard.

    Parameters
    ----------
    command : sequence of str or Path
        May be empty: then the guard waits for this process to end.
    env : mapping
        The whole environment of the command.
    cwd : Path
    stdout : int or file
        Where its stdout and stderr go, as `subprocess.Popen` takes it.
    remove : iterable of Path
        Deleted when the command has ended, also if this process was killed before.

    Returns
    -------
    subprocess.Popen
        The guard: SIGTERM reaches the command's process group, the return code is the command's,
        and `kill` ends all at once.
    """
    options = [text for path in remove for text in ("--remove", str(path))]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, *options, "--", *map(str, command)],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C in a terminal is for the parent alone.
    )


def kill(guard: subprocess.Popen[bytes], timeout: float = 10.0) -> None:
    """End a guarded command at once and wait until it, and what it was to remove, is gone."""
    if guard.stdin is not None:
        guard.stdin.close()
    try:
        guard.wait(timeout)
    except subprocess.TimeoutExpired:
        guard.kill()
        guard.wait()


@contextmanager
def signals(*numbers: int) -> Iterator[int]:
    """Catch signals and yield a descriptor on which each comes as one byte.

    A thread that waits for a lock or for a child sleeps through a signal that came just before;
    one that reads here does not.
    """
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    for number in numbers:
        signal.signal(number, lambda *_: None)
    try:
        yield read
    finally:
        signal.set_wakeup_fd(-1)
        os.close(write)
        os.close(read)


def main(arguments: Sequence[str]) -> int:
    """Run the command after ``--``; return its exit status, or 128 plus the signal that ended it.

    Without a command the guard waits for its parent's end and then removes what ``--remove`` names.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--remove", action="append", default=[], type=Path)
    parser.add_argument("command", nargs="*")
    options = parser.parse_args(arguments)
    status = 0
    if options.command:
        status = _run(options.command)
    else:
        for _ in watch_parent():
            pass
    for path in options.remove:
        _delete(path)
    return status


def _run(command: Sequence[str]) -> int:
    with signals(signal.SIGCHLD, signal.SIGTERM) as arrived:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        for number in watch_parent(arrived):
            if number == signal.SIGTERM:
                _signal_group(child.pid, signal.SIGTERM)
            elif child.poll() is not None:
                break
        _signal_group(child.pid, signal.SIGKILL)  # also what it started and left behind
        status = child.wait()
    return status if status >= 0 else 128 - status


def watch_parent(arrived: int | None = None) -> Iterator[int]:
    """Yield the signals that `arrived` brings, until the parent closes our stdin or is gone."""
    parent = os.getppid()
    watched = [0] if arrived is None else [0, arrived]
    # A fork of the parent may hold the pipe open after the parent itself is gone.
    while os.getppid() == parent:
        ready, _, _ = select.select(watched, [], [], _POLL_SECONDS)
        if arrived in ready:
            yield from os.read(arrived, 64)
        elif ready and not os.read(0, 4096):
            return


def _delete(path: Path) -> None:
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    for _ in range(50):  # other guards' commands may write for a moment longer
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(0.1)


def _signal_group(group: int, number: int) -> None:
    # macOS refuses permission where only zombies are left of the group.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
