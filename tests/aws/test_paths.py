from __future__ import annotations

import pytest

from sparkml_sm.aws.paths import S3DataPath, S3PathFromConfig, split_s3_uri
from sparkml_sm.errors import ConfigurationError


@pytest.mark.parametrize(
    ("uri", "bucket", "key"),
    [
        ("s3://bucket/a/b", "bucket", "a/b"),
        ("s3a://bucket/a/", "bucket", "a/"),
        ("s3://my.bucket", "my.bucket", ""),
        ("s3://bucket//a", "bucket", "a"),
    ],
)
def test_reads_s3_uris(uri: str, bucket: str, key: str) -> None:
    assert split_s3_uri(uri) == (bucket, key)


@pytest.mark.parametrize(
    "uri", ["", "bucket/key", "http://bucket/key", "s3:///key", "s3://UPPER/k"]
)
def test_refuses_what_is_no_s3_uri(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="no S3 URI"):
        split_s3_uri(uri)


def test_a_data_path_and_its_uri_are_the_same_place() -> None:
    path = S3DataPath("bucket", "a/b")
    assert path.toS3UriString() == "s3://bucket/a/b"
    assert S3DataPath.fromS3URI("s3://bucket/a/b") == path


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("s3://bucket/a/b", S3DataPath("bucket", "a/b")),
        ("s3a://bucket", S3DataPath("bucket")),
        ("my-bucket", S3DataPath("my-bucket")),
    ],
)
def test_a_configured_place_is_a_uri_or_a_bucket(value: str, place: S3DataPath) -> None:
    assert S3PathFromConfig().place(value) == place


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, r"spark\.com\.amazonaws\.services\.sagemaker\.sparksdk\.s3-data-bucket is not set"),
        ("", "is not set"),
        ("file:///tmp", "'file:///tmp' is no S3 URI"),
        ("My_Bucket", "'My_Bucket' is no S3 URI"),
    ],
)
def test_a_place_that_is_not_configured_is_said(value: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        S3PathFromConfig().place(value)
