"""Where staged files go: S3, or a folder that all executors see.

A task writes under a hidden name, or into an upload that nobody sees, and hands the driver a
ticket. The driver publishes the tickets of the attempts that Spark committed; what other attempts
left behind is thrown away. So the prefix holds each partition once, whatever was retried or run
twice.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from sparkml_sm.aws.calls import aws_call
from sparkml_sm.aws.config import AwsConfig
from sparkml_sm.aws.paths import split_s3_uri
from sparkml_sm.aws.s3 import (
    MultipartUpload,
    MultipartWriter,
    abort_uploads,
    check_bucket,
    complete_upload,
    delete_prefix,
    encryption,
)
from sparkml_sm.errors import ConfigurationError

__all__ = [
    "Destination",
    "FileDestination",
    "S3Destination",
    "Ticket",
    "Writer",
    "check_uri",
    "file_path",
    "open_destination",
]

_LOGGER = logging.getLogger(__name__)

# Completing an upload is one small call; a thousand partitions should not wait for each other.
_COMPLETIONS_AT_ONCE = 16
# Spark ends the Python of a task that it has given up after spark.python.task.killTimeout, 2 s.
# Until then the task may begin an upload that nobody would abort.
_LAST_SECONDS = 3.0
_RETRY_SECONDS = 0.05
# A host would need its own file system; Hadoop writes file:/folder too.
_FILE_URI = re.compile(r"file:(?://(?:localhost)?(?=/)|(?!//))(?P<path>/.*)", re.DOTALL)


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


def check_uri(uri: str) -> bool:
    """Return whether `uri` is a folder rather than a place in S3.

    Raises
    ------
    ConfigurationError
        If it is neither, or no text.
    """
    if not isinstance(uri, str):
        raise ConfigurationError(
            f"a place is text, s3://bucket/prefix or file:///folder, and not {uri!r}"
        )
    if uri.startswith("file:"):
        file_path(uri)
        return True
    if uri.partition("://")[0] not in {"s3", "s3a", "s3n"}:
        raise ConfigurationError(
            f"{uri!r} is no place to stage to: use s3://bucket/prefix or file:///folder"
        )
    split_s3_uri(uri)
    return False


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


def open_destination(
    uri: str, config: AwsConfig | None, *, shared: bool = False, kms_key: str | None = None
) -> Destination:
    """Return a new, unique destination below `uri`.

    Parameters
    ----------
    uri : str
        ``s3://bucket/prefix`` or ``file:///folder``.
    config : AwsConfig or None
        How S3 is reached; files need none.
    shared : bool, default False
        Whether the files lie directly below `uri`, beside those of others and with unique names,
        instead of in a new folder.
    kms_key : str, optional
        A KMS key that S3 encrypts the files with.

    Raises
    ------
    ConfigurationError
        If `uri` is neither.
    """
    unique = uuid.uuid4().hex[:12]
    own, stem = ("", f"{unique}-") if shared else (f"{unique}/", "")
    if check_uri(uri) or config is None:
        folder = file_path(uri)
        missing = [str(each) for each in (folder, *folder.parents) if not _is_there(each)]
        return FileDestination(str(folder / own), stem, tuple(missing))
    bucket, key = split_s3_uri(uri)
    prefix = key.rstrip("/")
    return S3Destination(config, bucket, f"{prefix}/{own}" if prefix else own, stem, kms_key)


def _is_there(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 (`Path.exists` raises where it may not look)


@dataclass(frozen=True, slots=True)
class S3Destination:
    """A key prefix in a bucket.

    Attributes
    ----------
    config : AwsConfig
    bucket : str
    prefix : str
        Ends with a slash, or is empty.
    stem : str
        What all names begin with where the prefix is shared; empty where it is this staging's own.
    kms_key : str or None
        A KMS key that S3 encrypts the objects with.
    """

    config: AwsConfig
    bucket: str
    prefix: str
    stem: str = ""
    kms_key: str | None = None

    @property
    def uri(self) -> str:
        """The prefix as an S3 URI, with its slash: without it the prefix would match neighbours."""
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def manifest_key(self) -> str:
        """Beside the prefix, not below it: a job that reads the prefix reads data alone."""
        return self.prefix.rstrip("/") + ".manifest"

    def check(self) -> None:
        """Raise if the bucket is missing or not the caller's."""
        check_bucket(self._client(), self.bucket)

    def writer(self, name: str) -> Writer:
        """Start a multipart upload of ``prefix + stem + name``."""
        name = self.stem + name
        key = self.prefix + name
        return _S3Writer(MultipartWriter(self._client(), self.bucket, key, self.kms_key), name)

    def publish(self, tickets: Sequence[Ticket], manifest: bytes | None) -> None:
        """Complete the uploads of `tickets`, abort all others, and write the manifest last."""
        client = self._client()

        def complete(ticket: Ticket) -> None:
            upload = MultipartUpload(
                self.prefix + ticket.name, ticket.handle, ticket.etags, ticket.size
            )
            complete_upload(client, self.bucket, upload)

        with ThreadPoolExecutor(_COMPLETIONS_AT_ONCE) as pool:
            list(pool.map(complete, tickets))
        abort_uploads(client, self.bucket, self.prefix + self.stem)
        if manifest is None:
            return
        with aws_call("PutObject", f"s3://{self.bucket}/{self.manifest_key}"):
            client.put_object(
                Bucket=self.bucket,
                Key=self.manifest_key,
                Body=manifest,
                **encryption(self.kms_key),
            )

    def abandon(self) -> None:
        """Delete at once, and again what the tasks' last seconds have brought."""
        self.delete()
        time.sleep(_LAST_SECONDS)
        self.delete()

    def delete(self) -> None:
        """Delete the objects and the manifest, and abort open uploads."""
        client = self._client()
        delete_prefix(client, self.bucket, self.prefix + self.stem)
        if self.stem:  # beside others nobody writes a manifest
            return
        with aws_call("DeleteObject", f"s3://{self.bucket}/{self.manifest_key}"):
            client.delete_object(Bucket=self.bucket, Key=self.manifest_key)

    def _client(self) -> Any:
        return self.config.client("s3", max_pool_connections=_COMPLETIONS_AT_ONCE)


@dataclass(slots=True)
class _S3Writer:
    parts: MultipartWriter
    name: str

    def write(self, data: Any) -> int:
        return self.parts.write(data)

    def finish(self) -> Ticket:
        upload = self.parts.finish()
        return Ticket(self.name, upload.upload_id, upload.etags, upload.size)

    def abort(self) -> None:
        self.parts.abort()


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
