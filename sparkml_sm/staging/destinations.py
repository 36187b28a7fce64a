"""Where staged files go: S3, or a folder that all executors see.

A task writes under a hidden name, or into an upload that nobody sees, and hands the driver a
ticket. The driver publishes the tickets of the attempts that Spark committed; what other attempts
left behind is thrown away. So the prefix holds each partition once, whatever was retried or run
twice.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlparse
from urllib.request import url2pathname

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
    "open_destination",
]

# Completing an upload is one small call; a thousand partitions should not wait for each other.
_COMPLETIONS_AT_ONCE = 16
# Spark ends the Python of a task that it has given up after spark.python.task.killTimeout, 2 s.
# Until then the task may begin an upload that nobody would abort.
_LAST_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """One finished but unpublished file.

    Attributes
    ----------
    name : str
        The file's name below the prefix.
    handle : str
        The upload's id, or the hidden file's name.
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
        If it is neither.
    """
    if uri.startswith("file:"):
        parsed = urlparse(uri)
        if parsed.netloc not in {"", "localhost"} or not parsed.path.startswith("/"):
            raise ConfigurationError(f"{uri!r} is no absolute file URI: write it as file:///folder")
        return True
    if uri.partition("://")[0] not in {"s3", "s3a", "s3n"}:
        raise ConfigurationError(
            f"{uri!r} is no place to stage to: use s3://bucket/prefix or file:///folder"
        )
    split_s3_uri(uri)
    return False


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
        return FileDestination(str(Path(url2pathname(urlparse(uri).path)) / own), stem)
    bucket, key = split_s3_uri(uri)
    folder = key.rstrip("/")
    return S3Destination(config, bucket, f"{folder}/{own}" if folder else own, stem, kms_key)


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
    """

    folder: str
    stem: str = ""

    @property
    def uri(self) -> str:
        """The folder as a file URI, with a slash at the end."""
        return Path(self.folder).as_uri() + "/"

    @property
    def _manifest(self) -> Path:
        return Path(self.folder + ".manifest")

    def check(self) -> None:
        """Raise if the folder cannot be made."""
        try:
            Path(self.folder).mkdir(parents=True, exist_ok=bool(self.stem))
        except OSError as error:
            raise ConfigurationError(
                f"folder {self.folder} cannot be made: {error.strerror}"
            ) from error

    def writer(self, name: str) -> Writer:
        """Start a hidden file."""
        return _FileWriter(Path(self.folder), self.stem + name)

    def publish(self, tickets: Sequence[Ticket], manifest: bytes | None) -> None:
        """Give the files of `tickets` their names, remove all others, write the manifest."""
        folder = Path(self.folder)
        for ticket in tickets:
            (folder / ticket.handle).rename(folder / ticket.name)
        self._delete_attempts()
        if manifest is not None:
            self._manifest.write_bytes(manifest)

    def abandon(self) -> None:
        """Delete; in its own folder a task that still writes fails, since the folder is gone."""
        self.delete()
        if self.stem:
            time.sleep(_LAST_SECONDS)
            self.delete()

    def delete(self) -> None:
        """Remove the folder and the manifest, or from a shared folder what is this staging's."""
        if self.stem:
            self._delete_attempts()
            for file in Path(self.folder).glob(f"{self.stem}*"):
                file.unlink()
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self._manifest.unlink(missing_ok=True)

    def _delete_attempts(self) -> None:
        for left_over in Path(self.folder).glob(f"_attempt-*-{self.stem}*"):
            left_over.unlink(missing_ok=True)


class _FileWriter:
    def __init__(self, folder: Path, name: str) -> None:
        # A name that readers of the folder skip, and that no other attempt of the same partition
        # has.
        self._hidden = folder / f"_attempt-{uuid.uuid4().hex}-{name}"
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
        return Ticket(self._name, self._hidden.name, (), self._size)

    def abort(self) -> None:
        self._file.close()
        self._hidden.unlink(missing_ok=True)
