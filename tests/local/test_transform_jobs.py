from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.transform_run import payloads
from tests.local.conftest import Aws, create_model, until

Transform = Callable[..., dict[str, Any]]


@pytest.fixture
def transform(aws: Aws, name: str, bucket: str, artifact: str) -> Transform:
    """Run a job over what lies below {name}/ and return its last description."""

    def run(source: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        create_model(aws, name, artifact)
        given_source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{name}/"}
        request = {
            "TransformJobName": name,
            "ModelName": name,
            "TransformInput": {
                "DataSource": {"S3DataSource": given_source},
                "ContentType": "text/csv",
                "SplitType": "Line",
                **(source or {}),
            },
            "TransformOutput": {
                "S3OutputPath": f"s3://{bucket}/{name}-out/",
                "AssembleWith": "Line",
            },
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            **changes,
        }
        aws.sagemaker.create_transform_job(**request)
        return until(
            lambda: aws.sagemaker.describe_transform_job(TransformJobName=name),
            "TransformJobStatus",
            "InProgress",
            "Stopping",
        )

    return run


def outputs(aws: Aws, bucket: str, name: str) -> dict[str, bytes]:
    listed = aws.s3.list_objects_v2(Bucket=bucket, Prefix=f"{name}-out/").get("Contents", [])
    return {
        item["Key"].removeprefix(f"{name}-out/"): aws.s3.get_object(Bucket=bucket, Key=item["Key"])[
            "Body"
        ].read()
        for item in listed
    }


@pytest.mark.parametrize("strategy", ["MultiRecord", "SingleRecord"])
def test_lines_keep_their_order(
    transform: Transform, aws: Aws, bucket: str, name: str, strategy: str
) -> None:
    aws.s3.put_object(Bucket=bucket, Key=f"{name}/a.csv", Body=b"0.9,0.1\n0.1,0.9\n0.8,0.2")
    aws.s3.put_object(Bucket=bucket, Key=f"{name}/folder/b.csv", Body=b"0.1,0.9\n")
    job = transform(BatchStrategy=strategy, MaxConcurrentTransforms=4)
    assert job["TransformJobStatus"] == "Completed", job
    assert job["TransformEndTime"] >= job["TransformStartTime"]
    found = outputs(aws, bucket, name)
    assert set(found) == {"a.csv.out", "folder/b.csv.out"}
    assert [float(line) > 0.5 for line in found["a.csv.out"].splitlines()] == [True, False, True]
    assert found["a.csv.out"].count(b"\n") == 3


def test_a_bad_object_fails_the_job_and_not_its_siblings(
    transform: Transform, aws: Aws, bucket: str, name: str
) -> None:
    aws.s3.put_object(Bucket=bucket, Key=f"{name}/bad.csv", Body=b"what,is\nthis\n")
    aws.s3.put_object(Bucket=bucket, Key=f"{name}/good.csv", Body=b"0.9,0.1\n")
    job = transform()
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"] == "ClientError: See job logs for more information"
    assert set(outputs(aws, bucket, name)) == {"good.csv.out"}
    events = aws.logs.filter_log_events(
        logGroupName="/aws/sagemaker/TransformJobs",
        logStreamNamePrefix=name,
        filterPattern=f"{bucket}/{name}/bad.csv",
    )["events"]
    assert any(event["message"].endswith("ClientError: 415") for event in events)


def test_gzip_and_whole_objects(transform: Transform, aws: Aws, bucket: str, name: str) -> None:
    body = gzip.compress(b"0.9,0.1\n0.1,0.9\n")
    aws.s3.put_object(Bucket=bucket, Key=f"{name}/a.gz", Body=body)
    job = transform({"CompressionType": "Gzip", "SplitType": "None"})
    assert job["TransformJobStatus"] == "Completed", job
    assert len(outputs(aws, bucket, name)["a.gz.out"].splitlines()) == 2


def test_no_input(transform: Transform) -> None:
    job = transform()
    assert job["TransformJobStatus"] == "Failed"
    assert "No S3 objects found under S3 URL" in job["FailureReason"]


def test_what_is_missing_or_wrong(transform: Transform, aws: Aws) -> None:
    with pytest.raises(ClientError, match="Could not find requested job with name: missing"):
        aws.sagemaker.describe_transform_job(TransformJobName="missing")
    with pytest.raises(ClientError, match="Could not find model"):
        transform(ModelName="missing")


def test_limits(transform: Transform) -> None:
    with pytest.raises(ClientError, match="must be at most 100"):
        transform(MaxConcurrentTransforms=20, MaxPayloadInMB=6)


@given(st.lists(st.binary(min_size=1, max_size=9)), st.booleans(), st.integers(10, 40))
def test_payloads_hold_all_lines_in_order(lines: list[bytes], many: bool, limit: int) -> None:
    clean = [line.replace(b"\n", b"x").replace(b"\r", b"x") + b"\n" for line in lines]
    bodies = list(payloads(b"".join(clean), by_line=True, many=many, limit=limit))
    assert b"".join(bodies) == b"".join(clean)
    assert all(len(body) <= limit for body in bodies)
    if many:
        pairs = itertools.pairwise(bodies)
        assert all(len(a) + len(b.splitlines(keepends=True)[0]) > limit for a, b in pairs)
    else:
        assert bodies == clean


def test_a_record_that_does_not_fit() -> None:
    with pytest.raises(ConfigurationError, match="a record of 5 bytes is over the limit of 4"):
        list(payloads(b"1\n1234\n", by_line=True, many=True, limit=4))
