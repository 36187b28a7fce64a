"""Staged files as objects below a key prefix of S3."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sparkml_sm.aws.calls import aws_call
from sparkml_sm.aws.config import AwsConfig
from sparkml_sm.aws.s3 import (
    MultipartUpload,
    MultipartWriter,
    abort_uploads,
    check_bucket,
    complete_upload,
    delete_prefix,
    encryption,
)
from sparkml_sm.staging.tickets import Ticket, Writer

__all__ = ["S3Destination"]

# Completing an upload is one small call; a thousand partitions should not wait for each other.
_COMPLETIONS_AT_ONCE = 16
# Spark ends the Python of a task that it has given up after spark.python.task.killTimeout, 2 s.
# Until then the task may begin an upload that nobody would abort.
_LAST_SECONDS = 3.0


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
