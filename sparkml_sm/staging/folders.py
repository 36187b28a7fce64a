"""Staged files in a folder that the driver and all executors see."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.staging.tickets import Ticket, Writer

__all__ = ["FileDestination", "file_path"]

_LOGGER = logging.getLogger(__name__)

# Spark ends the Python of a task that it has given up after spark.python.task.killTimeout, 2 s.
_LAST_SECONDS = 3.0
_RETRY_SECONDS = 0.05
# A host would need its own file system; Hadoop writes file:/folder too.
_FILE_URI = re.compile(r"file:(?://(?:localhost)?(?=/)|(?!//))(?P<path>/.*)", re.DOTALL)


def file_path(uri: str) -> Path:
    """Return the path of a file URI: all that follows, with its percent escapes decoded.

    A path may hold ``#`` and ``?``, and Spark and S3 take them as they are; as a fragment and a
    query they would be lost, and two folders become one.

    Raises
    ------
    ConfigurationError
        If `uri` is not absolute.
    """
    found = _FILE_URI.fullmatch(uri)
    if found is None:
        raise ConfigurationError(f"{uri!r} is no absolute file URI: write it as file:///folder")
    # As `Path.as_uri` encodes, which file systems whose names are no UTF-8 need.
    return Path(os.fsdecode(unquote_to_bytes(os.fsencode(found["path"]))))


@dataclass(frozen=True, slots=True)
class FileDestination:
    """A folder. On a cluster it must lie on a file system that all executors share.

    Attributes
    ----------
    folder : str
        Absolute path.
    stem : str
        What all names begin with where the folder is shared; empty where it is this staging's own.
    made : tuple of str
        The folders that this staging makes for it, innermost first: they go with it where nobody
        else has put anything there.
    """

    folder: str
    stem: str = ""
    made: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        """The folder as a file URI, with a slash at the end."""
        return Path(self.folder).as_uri() + "/"

    @property
    def _manifest(self) -> Path:
        return Path(self.folder + ".manifest")

    @property
    def _attempts(self) -> Path:
        """A folder that readers skip. Without it a task that Spark has given up can write none."""
        return Path(self.folder) / f"_attempts-{self.stem}"

    def check(self) -> None:
        """Raise if the folder cannot be made."""
        try:
            self._attempts.mkdir(parents=True)
        except OSError as error:
            raise ConfigurationError(
                f"folder {self.folder} cannot be made: {error.strerror}"
            ) from error

    def writer(self, name: str) -> Writer:
        """Start a hidden file."""
        return _FileWriter(self._attempts, self.stem + name)

    def publish(self, tickets: Sequence[Ticket], manifest: bytes | None) -> None:
        """Give the files of `tickets` their names, remove all others, write the manifest."""
        folder = Path(self.folder)
        for ticket in tickets:
            (folder / ticket.handle).rename(folder / ticket.name)
        _remove(self._attempts)
        if manifest is not None:
            self._manifest.write_bytes(manifest)

    def abandon(self) -> None:
        """Delete; a task that still writes fails, since the folder of the attempts is gone."""
        self.delete()

    def delete(self) -> None:
        """Remove the folder and the manifest, or from a shared folder what is this staging's."""
        if self.stem:
            _remove(self._attempts)
            for file in Path(self.folder).glob(f"{self.stem}*"):
                file.unlink(missing_ok=True)
        else:
            _remove(Path(self.folder))
            self._manifest.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # it holds what others have written, or is gone
            for folder in self.made:
                Path(folder).rmdir()


def _remove(folder: Path) -> None:
    """Remove a folder, again where a task made a file meanwhile; once it is gone, none can."""
    give_up = time.monotonic() + _LAST_SECONDS
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists():
        if time.monotonic() > give_up:
            _LOGGER.warning("folder %s could not be removed: delete it by hand", folder)
            return
        time.sleep(_RETRY_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


class _FileWriter:
    def __init__(self, folder: Path, name: str) -> None:
        # A name that no other attempt of the same partition has.
        self._hidden = folder / f"{uuid.uuid4().hex}-{name}"
        self._name = name
        self._size = 0
        self._file = self._hidden.open("wb")

    def write(self, data: Any) -> int:
        written = self._file.write(data)
        self._size += written
        return written

    def finish(self) -> Ticket:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        handle = f"{self._hidden.parent.name}/{self._hidden.name}"
        return Ticket(self._name, handle, (), self._size)

    def abort(self) -> None:
        self._file.close()
        self._hidden.unlink(missing_ok=True)
