"""Errors that a task raised, given back to the driver as what they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import sparkml_sm.errors as errors

__all__ = ["task_errors"]

# The last line of a Python traceback, wherever Spark put it into its own message.
_RAISED = re.compile(r"^(?:[\w]+\.)*(?P<name>\w+): (?P<message>.+)$", re.MULTILINE)


@contextmanager
def task_errors() -> Iterator[None]:
    """Raise this library's own error where a Spark job failed with one in a task.

    Spark wraps what a task raised into a text of JVM and Python traces. The user should read one
    sentence and be able to catch its class.
    """
    try:
        yield
    except Exception as failure:
        for found in _RAISED.finditer(str(failure)):
            kind = getattr(errors, found["name"], None) if found["name"] in errors.__all__ else None
            if kind is not None and not isinstance(failure, errors.SparkMLSageMakerError):
                raise kind(found["message"]) from failure
        raise
