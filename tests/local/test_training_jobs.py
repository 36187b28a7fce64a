from __future__ import annotations

import io
import json
import re
import tarfile
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import IMAGE, Aws, channel, training_request, until

Train = Callable[..., dict[str, Any]]

LONG = {"num_round": "1000000", "objective": "binary:logistic"}


def names_in(aws: Aws, uri: str) -> list[str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return tar.getnames()


def in_training(aws: Aws, name: str) -> None:
    until(
        lambda: aws.sagemaker.describe_training_job(TrainingJobName=name),
        "SecondaryStatus",
        "Starting",
        "Downloading",
    )


def test_a_job_trains(train: Train, aws: Aws, name: str, bucket: str) -> None:
    job = train(Tags=[{"Key": "owner", "Value": "me"}])
    assert job["TrainingJobStatus"] == "Completed", job
    assert [state["Status"] for state in job["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert all(
        state["EndTime"] >= state["StartTime"] for state in job["SecondaryStatusTransitions"]
    )
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == f"s3://{bucket}/output/{name}/output/model.tar.gz"
    assert names_in(aws, uri) == ["xgboost-model"]
    metrics = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
    assert set(metrics) == {"train:logloss", "validation:logloss"}
    assert 0 < metrics["train:logloss"] < 0.5
    assert "FailureReason" not in job
    assert "VpcConfig" not in job
    assert "Tags" not in job
    tags = aws.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "owner", "Value": "me"}]


def test_its_log_can_be_read(train: Train, aws: Aws, name: str) -> None:
    train()
    group = "/aws/sagemaker/TrainingJobs"
    streams = aws.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")
    (stream,) = streams["logStreams"]
    assert stream["logStreamName"].startswith(f"{name}/algo-1-")
    events = aws.logs.get_log_events(
        logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
    )["events"]
    assert [event for event in events if "validation-logloss" in event["message"]][4:]


def test_metrics_by_pattern(train: Train) -> None:
    definitions = [{"Name": "mine", "Regex": r"train-logloss:([0-9.]+)"}]
    job = train(
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": definitions,
        }
    )
    metrics = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
    assert metrics["mine"] == pytest.approx(metrics["train:logloss"])


def test_a_manifest_names_the_objects(train: Train, aws: Aws, data: str, bucket: str) -> None:
    manifest = [{"prefix": f"{data}/train/"}, "part-1"]
    aws.s3.put_object(Bucket=bucket, Key="manifests/one", Body=json.dumps(manifest))
    job = train(InputDataConfig=[channel("train", f"s3://{bucket}/manifests/one", "ManifestFile")])
    assert job["TrainingJobStatus"] == "Completed", job


def test_an_uncompressed_artifact(train: Train, aws: Aws, name: str, bucket: str) -> None:
    output = {"S3OutputPath": f"s3://{bucket}/plain/", "CompressionType": "NONE"}
    job = train(OutputDataConfig=output)
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == f"s3://{bucket}/plain/{name}/output/model"
    key = uri.removeprefix(f"s3://{bucket}/") + "/xgboost-model"
    assert aws.s3.head_object(Bucket=bucket, Key=key)["ContentLength"] > 100


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"HyperParameters": {"num_round": "many"}}, "ClientError: .*num_round"),
        (
            {"InputDataConfig": [channel("train", "s3://test-bucket/nothing/here")]},
            'ClientError: No S3 objects found under S3 URL "s3://test-bucket/nothing/here" given',
        ),
        (
            {"InputDataConfig": [channel("train", "s3://no-such-bucket/here")]},
            "ClientError: No S3 objects found under S3 URL",
        ),
        (
            {"OutputDataConfig": {"S3OutputPath": "s3://no-such-bucket/out"}},
            "ClientError: the output bucket no-such-bucket cannot be used",
        ),
        (
            {"AlgorithmSpecification": {"TrainingImage": "me/mine:1", "TrainingInputMode": "File"}},
            "ClientError: .* no program for the image me/mine:1; .* sagemaker-xgboost, xgboost",
        ),
        (
            {
                "ResourceConfig": {
                    "InstanceType": "ml.m5.large",
                    "InstanceCount": 2,
                    "VolumeSizeInGB": 5,
                }
            },
            "ClientError: the local SageMaker trains on one instance",
        ),
        (
            {
                "InputDataConfig": [
                    channel("train", "s3://test-bucket/data/train/", InputMode="Pipe")
                ]
            },
            "ClientError: the channel train has the mode Pipe",
        ),
    ],
)
def test_a_failed_job_says_why(train: Train, changes: dict[str, Any], reason: str) -> None:
    job = train(**changes)
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Failed"
    assert re.match(reason, job["FailureReason"]), job["FailureReason"]


def test_a_key_cannot_leave_the_channels_directory(
    train: Train, aws: Aws, bucket: str, name: str
) -> None:
    manifest = [{"prefix": f"s3://{bucket}/"}, f"../../../../{name}"]
    aws.s3.put_object(Bucket=bucket, Key=f"manifests/{name}", Body=json.dumps(manifest))
    job = train(
        InputDataConfig=[channel("train", f"s3://{bucket}/manifests/{name}", "ManifestFile")]
    )
    assert "cannot be a file below the input's directory" in job["FailureReason"]


def test_hyperparameters_meet_no_shell(train: Train, tmp_path: Any) -> None:
    victim = tmp_path / "made"
    job = train(HyperParameters={"num_round": f"$(touch {victim})", "objective": "`id`"})
    assert job["TrainingJobStatus"] == "Failed"
    assert not victim.exists()


def test_the_container_sees_no_credentials(aws: Aws, name: str, data: str, bucket: str) -> None:
    request = training_request(name, data, bucket, HyperParameters=LONG)
    aws.sagemaker.create_training_job(**request, Environment={"MINE": "yes"})
    in_training(aws, name)
    environments = []
    deadline = time.monotonic() + 10
    while not environments and time.monotonic() < deadline:
        environments = [text for text in _environments() if f"TRAINING_JOB_NAME={name}" in text]
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    assert environments
    assert "MINE=yes" in environments[0]
    assert "AWS_SECRET_ACCESS_KEY" not in environments[0]
    assert "AWS_ACCESS_KEY_ID" not in environments[0]


def _environments() -> list[str]:
    from pathlib import Path

    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.append((process / "environ").read_text(errors="replace"))
        except OSError:
            continue
    return found


def test_a_job_can_be_stopped(aws: Aws, name: str, data: str, bucket: str) -> None:
    aws.sagemaker.create_training_job(**training_request(name, data, bucket, HyperParameters=LONG))
    in_training(aws, name)
    with pytest.raises(ClientError, match="stop it first"):
        aws.sagemaker.delete_training_job(TrainingJobName=name)
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    job = until(
        lambda: aws.sagemaker.describe_training_job(TrainingJobName=name),
        "TrainingJobStatus",
        "Stopping",
    )
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Stopped"
    with pytest.raises(ClientError, match="is in status Stopped"):
        aws.sagemaker.stop_training_job(TrainingJobName=name)
    aws.sagemaker.delete_training_job(TrainingJobName=name)
    with pytest.raises(ClientError, match="Requested resource not found"):
        aws.sagemaker.describe_training_job(TrainingJobName=name)


def test_a_job_ends_at_its_maximum_runtime(train: Train) -> None:
    parameters = LONG | {"save_model_on_termination": "true"}
    job = train(HyperParameters=parameters, StoppingCondition={"MaxRuntimeInSeconds": 2})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert 2 <= job["TrainingTimeInSeconds"] <= 20


def test_a_name_is_taken_once(train: Train, aws: Aws, name: str, data: str, bucket: str) -> None:
    train()
    with pytest.raises(ClientError, match="Job name must be unique") as caught:
        aws.sagemaker.create_training_job(**training_request(name, data, bucket))
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"


@pytest.mark.parametrize("operation", ["describe", "stop", "delete"])
def test_a_missing_job(aws: Aws, operation: str) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(aws.sagemaker, f"{operation}_training_job")(TrainingJobName="missing")
    error = caught.value.response["Error"]
    assert error == {"Code": "ValidationException", "Message": "Requested resource not found."}


@pytest.mark.parametrize("hostile", ["../x", "a/b", "a b", "-a", "a" * 64])
def test_hostile_names_are_refused(aws: Aws, data: str, bucket: str, hostile: str) -> None:
    with pytest.raises(ClientError, match=r"at 'trainingJobName' failed to satisfy constraint"):
        aws.sagemaker.create_training_job(**training_request(hostile, data, bucket))


@pytest.mark.parametrize(
    "member", ["AlgorithmSpecification", "ResourceConfig", "StoppingCondition"]
)
def test_what_jobs_with_instances_need(
    aws: Aws, name: str, data: str, bucket: str, member: str
) -> None:
    request = training_request(name, data, bucket)
    del request[member]
    with pytest.raises(ClientError, match="Member must not be null"):
        aws.sagemaker.create_training_job(**request)


def test_jobs_are_listed(train: Train, aws: Aws, name: str) -> None:
    train()
    (job,) = aws.sagemaker.list_training_jobs(NameContains=name)["TrainingJobSummaries"]
    assert (job["TrainingJobName"], job["TrainingJobStatus"]) == (name, "Completed")
    found = aws.sagemaker.list_training_jobs(NameContains=name, StatusEquals="Failed")
    assert found["TrainingJobSummaries"] == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"EnableManagedSpotTraining": True}, "Invalid MaxWaitTimeInSeconds"),
        (
            {
                "EnableManagedSpotTraining": True,
                "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 59},
            },
            "greater than or equal to MaxRuntimeInSeconds",
        ),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}},
            "needs EnableManagedSpotTraining",
        ),
    ],
)
def test_what_a_spot_job_needs(
    aws: Aws, name: str, data: str, bucket: str, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ClientError, match=reason):
        aws.sagemaker.create_training_job(**training_request(name, data, bucket, **changes))


def test_checkpoints_need_a_bucket(train: Train) -> None:
    job = train(CheckpointConfig={"S3Uri": "s3://no-such-bucket/x"})
    assert job["FailureReason"].startswith("ClientError: the checkpoint bucket no-such-bucket")
