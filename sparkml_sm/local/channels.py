"""Objects of S3 that a request names, and their copies on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.s3 import REGION

__all__ = ["SourceObject", "download", "find_objects", "split_uri", "under_prefix"]

_THREADS = 8


@dataclass(frozen=True, slots=True)
class SourceObject:
    """One object of an input.

    Attributes
    ----------
    bucket, key : str
    name : str
        Its path relative to the input, with ``/``; no part of it leads out.
    """

    bucket: str
    key: str
    name: str


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of ``s3://bucket/key``; the key may be empty.

    Raises
    ------
    ConfigurationError
        It is no such URI.

    Examples
    --------
    >>> split_uri("s3://bucket/some/key")
    ('bucket', 'some/key')
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise ConfigurationError(f"{uri!r} is not an S3 URI (s3://bucket/key)")
    return bucket, key


def find_objects(s3: Any, source: Mapping[str, Any], role: str = "") -> list[SourceObject]:
    """List what an ``S3DataSource`` names: all keys with its prefix, or what its manifest lists.

    Parameters
    ----------
    s3 : Any
        A boto3 client.
    source : mapping
        ``S3DataType`` and ``S3Uri``.
    role : str
        For the error's text.

    Raises
    ------
    ConfigurationError
        Nothing is there, or a name leads out of the input's directory.
    """
    uri = source["S3Uri"]
    kind = source["S3DataType"]
    if kind == "S3Prefix":
        found = under_prefix(s3, uri)
    elif kind == "ManifestFile":
        found = _of_manifest(s3, uri)
    else:
        raise ConfigurationError(f"the local SageMaker does not read an S3DataType of {kind}")
    if not found:
        bucket, _ = split_uri(uri)
        raise ConfigurationError(
            f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure '
            f"that the bucket exists in the selected region ({REGION}), that objects exist under "
            f'that S3 prefix, and that the role "{role}" has "s3:ListBucket" permissions on bucket '
            f'"{bucket}".'
        )
    for item in found:
        parts = item.name.split("/")
        if any(part in {"", ".", ".."} for part in parts) or "\0" in item.name:
            raise ConfigurationError(
                f"the key {item.key!r} cannot be a file below the input's directory"
            )
    return found


def download(
    s3: Any, objects: Sequence[SourceObject], directory: Path, cancelled: Callable[[], bool]
) -> None:
    """Copy objects to files below `directory`.

    Raises
    ------
    ConfigurationError
        Two names clash, or S3 refuses.
    """
    from boto3.s3.transfer import TransferConfig
    from botocore.exceptions import ClientError

    directory.mkdir(parents=True, exist_ok=True)
    config = TransferConfig(use_threads=False)
    if len({item.name for item in objects}) < len(objects):
        raise ConfigurationError("two objects of the input would be one file")

    def copy(item: SourceObject) -> None:
        if cancelled():
            return
        path = directory / item.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(item.bucket, item.key, str(path), Config=config)
        except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            raise ConfigurationError(
                f"the key {item.key!r} is both a file and a folder of files"
            ) from error
        except ClientError as error:
            raise ConfigurationError(f"s3://{item.bucket}/{item.key}: {error}") from error

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(copy, objects))


def under_prefix(s3: Any, uri: str) -> list[SourceObject]:
    """List the objects whose keys begin as `uri` does; none where the bucket is missing."""
    from botocore.exceptions import ClientError

    bucket, prefix = split_uri(uri)
    try:
        keys = [
            item["Key"]
            for answer in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for item in answer.get("Contents", ())
            if not item["Key"].endswith("/")
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return []
        raise ConfigurationError(f"{uri}: {error}") from error
    return [SourceObject(bucket, key, _relative(key, prefix)) for key in keys]


def _relative(key: str, prefix: str) -> str:
    """Return the key below the prefix where that is a folder, else below the prefix's own folder.

    Examples
    --------
    >>> _relative("in/a/b.csv", "in"), _relative("in/part-1", "in/part")
    ('a/b.csv', 'part-1')
    """
    folder = prefix.rstrip("/") + "/" if prefix else ""
    if not key.startswith(folder):
        folder = prefix[: prefix.rfind("/") + 1]
    return key[len(folder) :]


def _of_manifest(s3: Any, uri: str) -> list[SourceObject]:
    from botocore.exceptions import ClientError

    bucket, key = split_uri(uri)
    try:
        entries = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        raise ConfigurationError(f"the manifest {uri} cannot be read: {error}") from error
    except ValueError as error:
        raise ConfigurationError(f"the manifest {uri} is no JSON") from error
    if not (isinstance(entries, list) and entries and isinstance(entries[0], dict)):
        raise ConfigurationError(
            f"the manifest {uri} must be a list whose first element is an object"
        )
    prefix = entries[0].get("prefix")
    if not prefix or not all(isinstance(entry, str) for entry in [prefix, *entries[1:]]):
        raise ConfigurationError(f"the manifest {uri} must name a prefix, then keys below it")
    bucket, folder = split_uri(prefix)
    return [SourceObject(bucket, folder + entry, entry.lstrip("/")) for entry in entries[1:]]
