"""Uploads and deletion against a real S3."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from sparkml_sm.aws.s3 import (
    MultipartWriter,
    abort_uploads,
    auto_bucket,
    check_bucket,
    complete_upload,
    delete_prefix,
)
from sparkml_sm.errors import ResourceNotFoundError, ServiceError
from sparkml_sm.local import LocalSageMaker

BUCKET = "aws-tests"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def s3(inside: LocalSageMaker) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def folder(s3: Any) -> Iterator[str]:
    folder = uuid.uuid4().hex[:8]
    yield folder
    delete_prefix(s3, BUCKET, f"{folder}/")


def _keys(s3: Any, prefix: str) -> list[str]:
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [each["Key"].removeprefix(prefix) for each in found.get("Contents", ())]


def _uploads(s3: Any, prefix: str) -> list[str]:
    found = s3.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix)
    return [each["Key"].removeprefix(prefix) for each in found.get("Uploads", ())]


def test_parts_become_one_object_when_another_completes_them(s3: Any, folder: str) -> None:
    key = f"{folder}/big"
    body = bytes(range(251)) * (20 * MIB // 251)
    writer = MultipartWriter(s3, BUCKET, key)
    for start in range(0, len(body), 3_000_017):
        piece = memoryview(body)[start : start + 3_000_017]
        assert writer.write(piece) == len(piece)
    upload = writer.finish()
    assert (len(upload.etags), upload.size) == (3, len(body))
    assert _keys(s3, folder) == [], "nobody sees it yet"
    assert _uploads(s3, f"{folder}/") == ["big"]
    complete_upload(s3, BUCKET, upload)
    complete_upload(s3, BUCKET, upload)
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body
    assert _uploads(s3, folder) == []


def test_a_completion_whose_upload_is_gone_and_left_no_object_fails(s3: Any, folder: str) -> None:
    writer = MultipartWriter(s3, BUCKET, f"{folder}/gone")
    writer.write(b"x")
    upload = writer.finish()
    writer.abort()
    writer.abort()
    with pytest.raises(ServiceError, match=r"CompleteMultipartUpload of s3://aws-tests/.*/gone"):
        complete_upload(s3, BUCKET, upload)
    s3.put_object(Bucket=BUCKET, Key=upload.key, Body=b"another")
    with pytest.raises(ServiceError):
        complete_upload(s3, BUCKET, replace(upload, size=1))


def test_nothing_is_created_before_the_first_byte(s3: Any, folder: str) -> None:
    writer = MultipartWriter(s3, BUCKET, f"{folder}/none")
    assert _uploads(s3, folder) == []
    writer.abort()


def test_an_upload_to_a_missing_bucket_fails_with_the_way_out(s3: Any) -> None:
    writer = MultipartWriter(s3, "no-such-bucket", "key")
    writer.write(b"x")
    with pytest.raises(ServiceError, match=r"CreateMultipartUpload.*check the bucket's name"):
        writer.finish()
    writer.abort()


def test_deletion_spares_the_neighbour_whose_name_begins_alike(s3: Any, folder: str) -> None:
    for name in ("run1/a", "run1/deep/b", "run10/a", "run1.manifest"):
        s3.put_object(Bucket=BUCKET, Key=f"{folder}/{name}", Body=b"x")
        s3.create_multipart_upload(Bucket=BUCKET, Key=f"{folder}/{name}-open")
    abort_uploads(s3, BUCKET, f"{folder}/run1/deep/")
    assert sorted(_uploads(s3, f"{folder}/run1/")) == ["a-open"]
    delete_prefix(s3, BUCKET, f"{folder}/run1/")
    delete_prefix(s3, BUCKET, f"{folder}/run1/")
    assert sorted(_keys(s3, f"{folder}/")) == ["run1.manifest", "run10/a"]
    assert sorted(_uploads(s3, f"{folder}/")) == ["run1.manifest-open", "run10/a-open"]


def test_more_objects_than_one_page_are_deleted(s3: Any, folder: str) -> None:
    small = boto3.client("s3")
    small.meta.events.register(
        "provide-client-params.s3.ListObjectsV2",
        lambda params, **_: {**params, "MaxKeys": 2},
    )
    for number in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"{folder}/{number}", Body=b"x")
    delete_prefix(small, BUCKET, f"{folder}/")
    assert _keys(s3, folder) == []


@pytest.mark.parametrize("prefix", ["", "/", "run1"])
def test_a_prefix_that_is_no_folder_is_never_deleted(s3: Any, prefix: str) -> None:
    with pytest.raises(ValueError, match="refusing to delete"):
        delete_prefix(s3, BUCKET, prefix)


def test_a_missing_bucket_is_named(s3: Any) -> None:
    check_bucket(s3, BUCKET)
    with pytest.raises(ResourceNotFoundError, match=r"'no-such-bucket'.*create the bucket"):
        check_bucket(s3, "no-such-bucket")


def test_the_accounts_own_bucket_is_made_once(s3: Any) -> None:
    sts = boto3.client("sts")
    first = auto_bucket(s3, sts, "us-east-1")
    assert first == auto_bucket(s3, sts, "us-east-1")
    assert first == f"{sts.get_caller_identity()['Account']}-sagemaker-us-east-1"


def test_an_upload_names_the_key_that_encrypts_it(folder: str) -> None:
    sent: list[dict[str, Any]] = []
    client = boto3.client("s3")

    def refuse(params: dict[str, Any], **_: object) -> None:
        sent.append(params["headers"])
        raise ServiceError("seen enough")

    client.meta.events.register("before-call.s3.CreateMultipartUpload", refuse)
    writer = MultipartWriter(client, BUCKET, f"{folder}/secret", kms_key="my-key")
    writer.write(b"1")
    with pytest.raises(ServiceError, match="seen enough"):
        writer.finish()
    assert sent[0]["x-amz-server-side-encryption"] == "aws:kms"
    assert sent[0]["x-amz-server-side-encryption-aws-kms-key-id"] == "my-key"
