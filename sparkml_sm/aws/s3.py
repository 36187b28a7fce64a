"""S3 as staging needs it: uploads that one process writes and another completes, and deletion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from sparkml_sm.aws.calls import aws_call, error_code, is_missing
from sparkml_sm.errors import AccessDeniedError

__all__ = [
    "MultipartUpload",
    "MultipartWriter",
    "abort_uploads",
    "auto_bucket",
    "check_bucket",
    "complete_upload",
    "delete_prefix",
    "encryption",
]

# S3 takes at most 10,000 parts of at least 5 MiB. Parts double every thousand, which reaches S3's 5
# TiB an object while a partition below 8 GB never holds more than two parts of 8 MiB in memory.
_PART_BYTES = 8 * 1024 * 1024
_PARTS_A_SIZE = 1000
# What may be deleted by prefix: a folder, or what begins as no one else's names do.
_OWN_PREFIX = re.compile(r".+/|(.*/)?[0-9a-f]{12}-", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MultipartUpload:
    """All parts of one object are in S3, and nobody sees the object until the upload is completed.

    Attributes
    ----------
    key : str
    upload_id : str
    etags : tuple of str
        Of the parts, in order.
    size : int
        Bytes.
    """

    key: str
    upload_id: str
    etags: tuple[str, ...]
    size: int


def encryption(kms_key: str | None) -> dict[str, str]:
    """Return the members of an S3 request that have the object encrypted with a KMS key."""
    if kms_key is None:
        return {}
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}


class MultipartWriter:
    """Writes one object part by part, uploading one part while the next is filled.

    Parameters
    ----------
    client : boto3 S3 client
    bucket, key : str
        The object. Nothing is created before the first byte.
    kms_key : str, optional
        A KMS key that S3 encrypts the object with; by default S3 encrypts as the bucket says.
    """

    def __init__(self, client: Any, bucket: str, key: str, kms_key: str | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._encryption = encryption(kms_key)
        self._buffer = bytearray()
        self._upload_id = ""
        self._parts: list[Future[str]] = []
        self._size = 0
        self._uploader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sparkml_sm-upload")

    def write(self, data: Any) -> int:
        """Take the next bytes, of any object with the buffer protocol."""
        view = memoryview(data).cast("B")
        start = 0
        while start < len(view):
            room = self._part_bytes() - len(self._buffer)
            self._buffer += view[start : start + room]
            start += room
            if len(self._buffer) >= self._part_bytes():
                self._send()
        self._size += len(view)
        return len(view)

    def finish(self) -> MultipartUpload:
        """Wait for the last part and return what `complete_upload` needs."""
        if self._buffer or not self._parts:
            self._send()
        etags = tuple(part.result() for part in self._parts)
        self._uploader.shutdown()
        return MultipartUpload(self._key, self._upload_id, etags, self._size)

    def abort(self) -> None:
        """Throw away what was uploaded."""
        self._uploader.shutdown(cancel_futures=True)
        if self._upload_id:
            _abort(self._client, self._bucket, self._key, self._upload_id)

    def _part_bytes(self) -> int:
        return _PART_BYTES << (len(self._parts) // _PARTS_A_SIZE)

    def _send(self) -> None:
        if not self._upload_id:
            with aws_call("CreateMultipartUpload", self._uri, _HINT):
                answer = self._client.create_multipart_upload(
                    Bucket=self._bucket, Key=self._key, **self._encryption
                )
            self._upload_id = answer["UploadId"]
        if self._parts:
            self._parts[-1].result()  # so that two parts are in memory and never three
        body, self._buffer = self._buffer, bytearray()
        self._parts.append(self._uploader.submit(self._upload, len(self._parts) + 1, body))

    def _upload(self, number: int, body: bytearray) -> str:
        with aws_call("UploadPart", self._uri, _HINT):
            answer = self._client.upload_part(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=body,
            )
        return str(answer["ETag"])

    @property
    def _uri(self) -> str:
        return f"s3://{self._bucket}/{self._key}"


_HINT = "check the bucket's name and region, and that the tasks' credentials may write there"


def complete_upload(client: Any, bucket: str, upload: MultipartUpload) -> None:
    """Make the object visible. Completing twice is no error, since a lost answer is retried."""
    parts = [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(upload.etags, 1)]
    with aws_call("CompleteMultipartUpload", f"s3://{bucket}/{upload.key}"):
        try:
            client.complete_multipart_upload(
                Bucket=bucket,
                Key=upload.key,
                UploadId=upload.upload_id,
                MultipartUpload={"Parts": parts},
            )
        except ClientError as error:
            if error_code(error) != "NoSuchUpload" or not _stands(client, bucket, upload):
                raise


def _stands(client: Any, bucket: str, upload: MultipartUpload) -> bool:
    try:
        size = client.head_object(Bucket=bucket, Key=upload.key)["ContentLength"]
    except ClientError:
        return False
    return bool(size == upload.size)


def _keys(client: Any, bucket: str, prefix: str) -> Iterator[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for found in page.get("Contents", ()):
            yield found["Key"]


def delete_prefix(client: Any, bucket: str, prefix: str) -> None:
    """Delete all objects and abort all uploads below `prefix`.

    It ends with a slash, or with twelve random digits and a hyphen: another prefix would also match
    neighbours, such as ``run10/`` of ``run1``.
    """
    if not _OWN_PREFIX.fullmatch(prefix):
        raise ValueError(f"refusing to delete by the prefix {prefix!r}: it must name a folder")
    abort_uploads(client, bucket, prefix)
    with aws_call("DeleteObjects", f"s3://{bucket}/{prefix}"):
        for key in list(_keys(client, bucket, prefix)):
            client.delete_object(Bucket=bucket, Key=key)


def abort_uploads(client: Any, bucket: str, prefix: str) -> None:
    """Abort every open multipart upload whose key begins with `prefix`."""
    with aws_call("ListMultipartUploads", f"s3://{bucket}/{prefix}"):
        pages = client.get_paginator("list_multipart_uploads").paginate(
            Bucket=bucket, Prefix=prefix
        )
        found = [
            (each["Key"], each["UploadId"]) for page in pages for each in page.get("Uploads", ())
        ]
    for key, upload_id in found:
        _abort(client, bucket, key, upload_id)


def _abort(client: Any, bucket: str, key: str, upload_id: str) -> None:
    with aws_call("AbortMultipartUpload", f"s3://{bucket}/{key}"):
        try:
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            if not is_missing(error):
                raise


def check_bucket(client: Any, bucket: str, owner: str | None = None) -> None:
    """Make sure that `bucket` exists and may be used, before anything is spent.

    Parameters
    ----------
    client : boto3 S3 client
    bucket : str
    owner : str or None
        The account that must own the bucket: a guessable name can be taken by a stranger.

    Raises
    ------
    ResourceNotFoundError
        If there is no such bucket.
    AccessDeniedError
        If it is not the caller's to use.
    """
    options = {"ExpectedBucketOwner": owner} if owner else {}
    hint = "create the bucket, or name another one with S3DataPath(bucket, prefix)"
    try:
        with aws_call("HeadBucket", f"bucket {bucket!r}", hint):
            client.head_bucket(Bucket=bucket, **options)
    except AccessDeniedError as error:
        whose = f"account {owner}" if owner else "these credentials"
        raise AccessDeniedError(
            f"bucket {bucket!r} may not be used by {whose}: it belongs to another account, or the "
            "role lacks s3:ListBucket; name a bucket of your own with S3DataPath(bucket, prefix)",
            error.code,
        ) from error


def auto_bucket(s3: Any, sts: Any, region: str) -> str:
    """Return the account's bucket ``{account}-sagemaker-{region}``, made where it is missing.

    Raises
    ------
    AccessDeniedError
        If the name is taken by another account.
    """
    with aws_call("GetCallerIdentity", "the caller"):
        account = sts.get_caller_identity()["Account"]
    bucket = f"{account}-sagemaker-{region}"
    # us-east-1 is S3's default and may not be named as a constraint.
    options: dict[str, Any] = (
        {}
        if region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    with aws_call(
        "CreateBucket", bucket, "name an existing bucket with S3DataPath(bucket, prefix)"
    ):
        try:
            s3.create_bucket(Bucket=bucket, **options)
        except ClientError as error:
            if error_code(error) not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise
    check_bucket(s3, bucket, owner=account)
    return bucket
