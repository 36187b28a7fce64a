"""Where staged files go: below which prefix of S3, or into which folder."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from sparkml_sm.aws.config import AwsConfig
from sparkml_sm.aws.paths import split_s3_uri
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.staging.folders import FileDestination, file_path
from sparkml_sm.staging.objects import S3Destination
from sparkml_sm.staging.tickets import Destination

__all__ = ["check_uri", "open_destination"]


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
