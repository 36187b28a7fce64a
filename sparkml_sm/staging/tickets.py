"""What a task that writes hands over, and what a place to write to can do.

A task writes under a hidden name, or into an upload that nobody sees, and hands the driver a
ticket. The driver publishes the tickets of the attempts that Spark committed; what other attempts
left behind is thrown away. So the prefix holds each partition once, whatever was retried or run
twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Destination", "Ticket", "Writer"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One finished but unpublished file.

    Attributes
    ----------
    name : str
        The file's name below the prefix.
    handle : str
        The upload's id, or the hidden file's path below the folder.
    etags : tuple of str
        Of the uploaded parts; empty for a file.
    size : int
        Bytes.
    """

    name: str
    handle: str
    etags: tuple[str, ...]
    size: int


class Writer(Protocol):
    """Takes the bytes of one file of one task attempt."""

    def write(self, data: Any) -> int:
        """Take the next bytes."""

    def finish(self) -> Ticket:
        """End the file and return its ticket."""

    def abort(self) -> None:
        """Throw the file away."""


class Destination(Protocol):
    """A prefix of one staging's own, or names of its own in a shared one; pickled into tasks."""

    @property
    def uri(self) -> str:
        """The prefix, with a slash at its end."""

    def check(self) -> None:
        """Raise, before anything is spent, if nothing can be written here."""

    def writer(self, name: str) -> Writer:
        """Start a file, in a task."""

    def publish(self, tickets: Sequence[Ticket], manifest: bytes | None) -> None:
        """Make these files visible, and the manifest that names them, and nothing else."""

    def abandon(self) -> None:
        """Delete, and wait for tasks that Spark has given up and that may still write."""

    def delete(self) -> None:
        """Remove all that this staging has written, and what is open."""
