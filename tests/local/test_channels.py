from __future__ import annotations

import json
from pathlib import Path

import pytest

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.channels import SourceObject, download, find_objects, split_uri
from tests.local.conftest import Aws


@pytest.fixture(scope="module")
def tree(aws: Aws, bucket: str) -> str:
    for key in ("tree/a", "tree/b/c", "treehouse", "tree/", "tree/b/d.csv"):
        aws.s3.put_object(Bucket=bucket, Key=key, Body=b"" if key.endswith("/") else key.encode())
    return f"s3://{bucket}/tree"


@pytest.mark.parametrize(
    ("end", "names"),
    [
        ("/", ["a", "b/c", "b/d.csv"]),
        ("", ["a", "b/c", "b/d.csv", "treehouse"]),
        ("/a", ["a"]),
        ("/b/d", ["d.csv"]),
    ],
)
def test_a_prefix_is_of_names_not_of_folders(
    aws: Aws, tree: str, end: str, names: list[str]
) -> None:
    found = find_objects(aws.s3, {"S3DataType": "S3Prefix", "S3Uri": tree + end})
    assert [item.name for item in found] == names


def test_copies(aws: Aws, tree: str, tmp_path: Path) -> None:
    found = find_objects(aws.s3, {"S3DataType": "S3Prefix", "S3Uri": tree})
    download(aws.s3, found, tmp_path, lambda: False)
    assert (tmp_path / "b" / "c").read_bytes() == b"tree/b/c"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{", "is no JSON"),
        (["a"], "whose first element is an object"),
        ([{"prefix": ""}, "a"], "must name a prefix"),
        ([{"prefix": "s3://b/"}, 1], "must name a prefix"),
        ([{"prefix": "s3://b/"}, "../x"], "cannot be a file"),
        ([{"prefix": "s3://b/"}, "a/../../x"], "cannot be a file"),
    ],
)
def test_bad_manifests(aws: Aws, bucket: str, document: object, reason: str) -> None:
    body = document if isinstance(document, str) else json.dumps(document)
    aws.s3.put_object(Bucket=bucket, Key="bad-manifest", Body=body)
    with pytest.raises(ConfigurationError, match=reason):
        find_objects(aws.s3, {"S3DataType": "ManifestFile", "S3Uri": f"s3://{bucket}/bad-manifest"})


def test_names_that_clash(aws: Aws, bucket: str, tree: str, tmp_path: Path) -> None:
    twice = [SourceObject(bucket, "tree/a", "x")] * 2
    with pytest.raises(ConfigurationError, match="would be one file"):
        download(aws.s3, twice, tmp_path, lambda: False)
    nested = [SourceObject(bucket, "tree/a", "y"), SourceObject(bucket, "tree/b/c", "y/z")]
    with pytest.raises(ConfigurationError, match="both a file and a folder"):
        download(aws.s3, nested, tmp_path, lambda: False)


@pytest.mark.parametrize("uri", ["", "s3://", "http://b/k", "b/k"])
def test_uris(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="not an S3 URI"):
        split_uri(uri)
