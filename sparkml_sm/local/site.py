"""What the parts of one running local SageMaker share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparkml_sm.local.logs import LogStreams

if TYPE_CHECKING:
    from sparkml_sm.local.containers import Container

__all__ = ["Site", "in_background"]


@dataclass(slots=True)
class Site:
    """One run's places and services.

    Attributes
    ----------
    directory : Path
        Below it jobs and endpoints have directories of their own.
    s3 : Any
        A boto3 client of the run's S3.
    logs : LogStreams
    invocation_timeout : float
        Seconds that a container may take for one request.
    serial : iterator of int
        Numbers that make the names of directories differ.
    containers : set of Container
        Those that run.
    """

    directory: Path
    s3: Any
    logs: LogStreams = field(default_factory=LogStreams)
    invocation_timeout: float = 60.0
    serial: Iterator[int] = field(default_factory=count)
    containers: set[Container] = field(default_factory=set)

    def close(self) -> None:
        """End every container at once."""
        for container in list(self.containers):
            container.kill()


def in_background(name: str, work: Callable[[], None]) -> None:
    """Run `work` in a thread that does not hold up the end of the process."""
    threading.Thread(target=work, name=name, daemon=True).start()
