"""What goes where: the result of a command to stdout, all else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

__all__ = ["result_stream"]


@contextmanager
def result_stream() -> Iterator[TextIO]:
    """Give the command alone the process's stdout.

    While the context lasts, file descriptor 1 is stderr: what the JVM or another child process
    prints there cannot mix with the result.

    Yields
    ------
    TextIO
        The stdout that the process was started with.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(kept), "w", encoding="utf-8") as stream:
            yield stream
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
