"""A side of a comparison: a process that holds one Spark session and times what it is asked to.

Both sides of a comparison live at the same time and take turns, so that a slow minute of the
machine falls on both. A side reads one JSON request a line on stdin and writes one JSON answer a
line on stdout. This file runs on the predecessor's Python 3.10 too: the standard library alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self  # Python 3.11

__all__ = ["ROOT", "Side", "SideError", "serve"]

ROOT = Path(__file__).resolve().parent.parent

Operation = Callable[..., Mapping[str, Any]]


class SideError(RuntimeError):
    """An operation of a side failed; the message ends with the side's own traceback."""


class Side:
    """The driver's end of a side.

    Parameters
    ----------
    name : str
        What the tables call it.
    python : path of a Python
        The interpreter that runs the side; its environment decides which Spark it is.
    module : str
        The module of this package that calls `serve`.
    arguments : str
        Arguments of that module.
    variables : dict
        Added to the environment; what Spark's tasks are to see must stand there from the start.
    """

    def __init__(
        self,
        name: str,
        python: str | Path,
        module: str,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        environment = {**os.environ, **(variables or {}), "PYTHONPATH": str(ROOT)}
        environment.update(PYSPARK_PYTHON=str(python), PYSPARK_DRIVER_PYTHON=str(python))
        environment.pop("SPARK_HOME", None)
        self._process = subprocess.Popen(
            [str(python), "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=ROOT,
            text=True,
        )

    def __call__(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Run one operation and return its answer.

        Raises
        ------
        SideError
            Where the operation raised or the process is gone.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"operation": operation, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SideError(f"{self.name}: the process ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise SideError(f"{self.name}: {operation} failed:\n{answer['error']}")
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def serve(start: Callable[[], Mapping[str, Operation]]) -> None:
    """Start a side and answer requests from stdin until it is closed."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # What Spark prints, from its start on, must not stand among the answers.
    operations = start()
    for line in sys.stdin:
        request = json.loads(line)
        operation = operations[request.pop("operation")]
        try:
            answer = dict(operation(**request))
        except Exception:  # noqa: BLE001 - it crosses a process border as text and is raised there
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
