"""Ctrl-C, sent as a terminal sends it: to the whole group of the program's processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from sparkml_sm.local import LocalSageMaker
from tests.stages.conftest import Account, Run


class Program:
    """A running `interrupted.py`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.stages.interrupted"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYSPARK_PYTHON": sys.executable},
            start_new_session=True,
        )

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def interrupt(self) -> None:
        os.killpg(self._process.pid, signal.SIGINT)

    def end(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        try:
            self._process.wait(30)
        finally:
            self._process.kill()


@pytest.fixture(scope="module")
def program(inside: LocalSageMaker) -> Iterator[Program]:
    program = Program()
    try:
        assert program.hear() == "ready"
        yield program
    finally:
        program.end()


def _until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_ctrl_c_in_a_fit_stops_the_job_and_removes_the_rows(
    account: Account, program: Program, run: Run
) -> None:
    program.say(f"fit {run.name}")
    _until(lambda: any(job["SecondaryStatus"] == "Training" for job in account.jobs(run.name)))
    [job] = account.jobs(run.name)
    assert account.keys(f"{run.name}/in")
    program.interrupt()
    assert program.hear() == "interrupted"
    assert account.keys(f"{run.name}/in") == []
    assert account.uploads(run.name) == []
    assert account.hosted(run.name) == []
    _until(lambda: account.jobs(run.name)[0]["TrainingJobStatus"] != "Stopping")
    [job] = account.jobs(run.name)
    assert job["TrainingJobStatus"] == "Stopped"


def test_ctrl_c_while_staging_leaves_no_object_and_no_open_upload(
    account: Account, program: Program, run: Run
) -> None:
    program.say(f"stage {run.name}")
    _until(lambda: account.uploads(run.name))
    program.interrupt()
    assert program.hear() == "interrupted"
    assert account.keys(run.name) == []
    assert account.uploads(run.name) == []
    time.sleep(3)  # a task that Spark has given up may live a little longer, and must not write
    assert account.uploads(run.name) == []
