"""Places in S3, as the predecessor names them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sparkml_sm.errors import ConfigurationError

__all__ = ["S3AutoCreatePath", "S3DataPath", "S3PathFromConfig", "S3Resource", "split_s3_uri"]

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class S3Resource:
    """A place in S3 that a stage reads from or writes to."""


@dataclass(frozen=True, slots=True)
class S3DataPath(S3Resource):
    """A key prefix in an existing bucket.

    Parameters
    ----------
    bucket : str
        The bucket's name.
    objectPath : str
        The key prefix; leading and trailing slashes make no difference.

    Examples
    --------
    >>> S3DataPath("my-bucket", "spam/train").toS3UriString()
    's3://my-bucket/spam/train'
    """

    bucket: str
    objectPath: str = ""

    def toS3UriString(self) -> str:
        """Return the place as ``s3://bucket/objectPath``."""
        return f"s3://{self.bucket}/{self.objectPath}"

    @classmethod
    def fromS3URI(cls, uri: str) -> S3DataPath:
        """Return the place that ``s3://bucket/objectPath`` names.

        Raises
        ------
        ConfigurationError
            If `uri` is no S3 URI.
        """
        return cls(*split_s3_uri(uri))


@dataclass(frozen=True, slots=True)
class S3AutoCreatePath(S3Resource):
    """The account's own bucket ``{account}-sagemaker-{region}``, created when it is missing."""


@dataclass(frozen=True, slots=True)
class S3PathFromConfig(S3Resource):
    """A place that stands in Spark's configuration, read when `fit` starts.

    Parameters
    ----------
    configKey : str
        The key of an S3 URI or of a bucket's name, with or without ``spark.`` before it:
        spark-submit's ``--conf`` drops other keys.
    """

    configKey: str = "com.amazonaws.services.sagemaker.sparksdk.s3-data-bucket"

    def place(self, value: str | None) -> S3DataPath:
        """Return the place that the configuration's `value` names.

        Raises
        ------
        ConfigurationError
            If the key is not set, or its value is neither a URI nor a bucket's name.
        """
        if not value:
            raise ConfigurationError(
                f"spark.{self.configKey} is not set: set it to s3://bucket/prefix or to a bucket's "
                "name, or pass S3DataPath(bucket, prefix)"
            )
        if _BUCKET.fullmatch(value):
            return S3DataPath(value)
        return S3DataPath.fromS3URI(value)


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of an S3 URI.

    Parameters
    ----------
    uri : str
        ``s3://bucket/key``; ``s3a://`` and ``s3n://`` mean the same.

    Returns
    -------
    (str, str)
        The key has no leading slash and may be empty.

    Raises
    ------
    ConfigurationError
        If `uri` is not of that form.
    """
    scheme, separator, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in {"s3", "s3a", "s3n"} or not separator or not _BUCKET.fullmatch(bucket):
        raise ConfigurationError(f"{uri!r} is no S3 URI: write it as s3://bucket/prefix")
    return bucket, key.lstrip("/")
