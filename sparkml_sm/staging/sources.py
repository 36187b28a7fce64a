"""Where staged files are read from: S3, or a folder that all executors see."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from sparkml_sm.aws.calls import aws_call, is_missing
from sparkml_sm.aws.config import AwsConfig
from sparkml_sm.aws.paths import split_s3_uri
from sparkml_sm.errors import ConfigurationError, InvalidDataError, ResourceNotFoundError
from sparkml_sm.staging.destinations import check_uri
from sparkml_sm.staging.folders import file_path

__all__ = ["DataFile", "find_files", "read_chunks"]

# `stage` writes the first, the predecessor on EMR the second.
_MANIFESTS = (".manifest", ".manifest.txt")
_CHUNK_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file as it was found; pickled into the task that reads it.

    Attributes
    ----------
    uri : str
    size : int
        Bytes.
    etag : str
        Of an object in S3: what is read is what was found. Empty for a file, of which only the
        size is compared.
    """

    uri: str
    size: int
    etag: str = ""


def find_files(uri: str, config: AwsConfig | None) -> list[DataFile]:
    """List the data files that `uri` names.

    Parameters
    ----------
    uri : str
        A folder or key prefix, one file, or a manifest, in S3 or as ``file:///``. Below a folder
        or prefix, manifests and whatever has a name on its path that begins with ``_`` or ``.``
        are left out, as Spark does.
    config : AwsConfig or None
        How S3 is reached; files need none.

    Returns
    -------
    list of DataFile
        In the order of their names, which is that of the partitions that wrote them; for a
        manifest, in its order.

    Raises
    ------
    ResourceNotFoundError
        If there is no data at `uri`, a manifest names no file, or one of its files is missing.
    InvalidDataError
        If the manifest cannot be read.
    ConfigurationError
        If `uri` is neither in S3 nor a file.
    """
    if uri.endswith(_MANIFESTS):
        names = _manifest_uris(uri, b"".join(read_chunks(_only(uri, config), config)))
        if not names:
            raise ResourceNotFoundError(f"{uri} is a manifest that names no file: there is no data")
        return [_only(each, config) for each in names]
    one = _one(uri, config)
    found = [one] if one else _below(uri, config)
    if not found:
        raise ResourceNotFoundError(f"there is no data at {uri}: check the path")
    return found


def read_chunks(file: DataFile, config: AwsConfig | None) -> Iterator[bytes]:
    """Read a file in chunks of 8 MiB, so that memory does not grow with it.

    Raises
    ------
    ServiceError
        If S3 refuses, or the object has changed since it was found.
    InvalidDataError
        If a file has another size than when it was found.
    ConfigurationError
        If the file cannot be read.
    """
    if check_uri(file.uri):
        yield from _file_chunks(file)
        return
    bucket, key = split_s3_uri(file.uri)
    client = _client(config)
    for start in range(0, file.size, _CHUNK_BYTES):
        last = min(start + _CHUNK_BYTES, file.size) - 1
        with aws_call("GetObject", file.uri, "it may have been replaced: read again"):
            answer = client.get_object(
                Bucket=bucket, Key=key, Range=f"bytes={start}-{last}", IfMatch=file.etag
            )
            body: bytes = answer["Body"].read()
        yield body


def _client(config: AwsConfig | None) -> Any:
    if config is None:
        raise ConfigurationError("S3 is to be read without a configuration: pass config=")
    return config.client("s3")


def _file_chunks(file: DataFile) -> Iterator[bytes]:
    path = file_path(file.uri)
    try:
        with path.open("rb") as opened:
            _check_size(file, os.fstat(opened.fileno()).st_size)
            size = 0
            while chunk := opened.read(_CHUNK_BYTES):
                size += len(chunk)
                yield chunk
            _check_size(file, size)
    except OSError as error:
        raise ConfigurationError(
            f"file {path} cannot be read: {error.strerror}; all executors must see its folder"
        ) from error


def _check_size(file: DataFile, size: int) -> None:
    if size != file.size:
        raise InvalidDataError(
            f"{file.uri} has {size} bytes and had {file.size} when it was listed: it may have been "
            "replaced: read again"
        )


def _only(uri: str, config: AwsConfig | None) -> DataFile:
    found = _one(uri, config)
    if found is None:
        raise ResourceNotFoundError(f"{uri} does not exist: check the path, or stage the rows anew")
    return found


def _one(uri: str, config: AwsConfig | None) -> DataFile | None:
    """Return the file that `uri` itself is, or None."""
    if check_uri(uri):
        path = file_path(uri)
        return DataFile(uri, path.stat().st_size) if path.is_file() else None
    bucket, key = split_s3_uri(uri)
    if not key or key.endswith("/"):
        return None
    with aws_call("HeadObject", uri):
        try:
            found = _client(config).head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
    return DataFile(f"s3://{bucket}/{key}", found["ContentLength"], found["ETag"])


def _below(uri: str, config: AwsConfig | None) -> list[DataFile]:
    if check_uri(uri):
        folder = file_path(uri)
        paths = [path for path in folder.rglob("*") if path.is_file()]
        names = {path.relative_to(folder).as_posix(): path for path in paths}
        return [
            DataFile(names[name].as_uri(), names[name].stat().st_size)
            for name in sorted(names)
            if _is_data(name)
        ]
    bucket, key = split_s3_uri(uri)
    # Without the slash the prefix would match neighbours, such as run10 of run1.
    prefix = key.rstrip("/") + "/" if key else ""
    with aws_call("ListObjectsV2", uri):
        pages = _client(config).get_paginator("list_objects_v2")
        return [
            DataFile(f"s3://{bucket}/{each['Key']}", each["Size"], each["ETag"])
            for page in pages.paginate(Bucket=bucket, Prefix=prefix)
            for each in page.get("Contents", ())
            if _is_data(each["Key"].removeprefix(prefix))
        ]


def _is_data(name: str) -> bool:
    hidden = any(part.startswith(("_", ".")) for part in name.split("/"))
    # A key that ends with a slash is a folder of S3's console.
    return not (hidden or name.endswith(("/", *_MANIFESTS)))


def _manifest_uris(uri: str, content: bytes) -> Sequence[str]:
    """Return the URIs that SageMaker's manifest names (API: S3DataSource.S3Uri)."""
    try:
        head, *names = json.loads(content)
        prefix = head["prefix"]
        if not all(isinstance(each, str) for each in (prefix, *names)):
            raise TypeError("a name is no text")
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidDataError(
            f'{uri} is no manifest, which reads [{{"prefix": "s3://..."}}, "name", ...]: {error}'
        ) from error
    return [prefix + name for name in names]
