from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from sparkml_sm.cli.leftovers import Leftovers, find_leftovers
from sparkml_sm.local import LocalSageMaker

BUCKET = "leftovers"
ROLE = "arn:aws:iam::123456789012:role/sm"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
NAME = "demo-abc123-"


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple[Any, Any]]:
    with LocalSageMaker():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        yield boto3.client("sagemaker"), s3


def found(clients: tuple[Any, Any], name: str = NAME) -> Leftovers:
    return find_leftovers(*clients, bucket=BUCKET, name=name)


def make_everything(sagemaker: Any, s3: Any, name: str) -> None:
    """What a run makes, and then dies before it deletes any of it."""
    s3.put_object(Bucket=BUCKET, Key=f"{name}job/model.tar.gz", Body=b"no archive")
    s3.create_multipart_upload(Bucket=BUCKET, Key=f"{name}job/part-1")
    sagemaker.create_model(
        ModelName=f"{name}model",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/{name}job/model.tar.gz"},
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=f"{name}endpointConfig",
        ProductionVariants=[
            {
                "VariantName": "AllRequests",
                "ModelName": f"{name}model",
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
            }
        ],
    )
    sagemaker.create_endpoint(
        EndpointName=f"{name}endpoint", EndpointConfigName=f"{name}endpointConfig"
    )
    sagemaker.create_training_job(
        TrainingJobName=f"{name}job",
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        RoleArn=ROLE,
        HyperParameters={"num_round": "1"},
        InputDataConfig=[
            {
                "ChannelName": "train",
                "ContentType": "text/libsvm",
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/none/"}
                },
            }
        ],
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/{name}job"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )


def test_a_run_that_made_nothing_leaves_nothing(clients: tuple[Any, Any]) -> None:
    assert found(clients, "demo-000000-") == Leftovers((), ())


def test_each_kind_of_thing_is_found_and_only_of_this_run(clients: tuple[Any, Any]) -> None:
    make_everything(*clients, NAME)
    make_everything(*clients, f"other-{NAME}")

    left = found(clients)

    # Without the status of the job, which may have ended by now.
    assert {thing.split(" (")[0] for thing in (*left.resources, *left.records)} == {
        f"endpoint {NAME}endpoint",
        f"endpoint config {NAME}endpointConfig",
        f"model {NAME}model",
        f"training job {NAME}job",
        f"object s3://{BUCKET}/{NAME}job/model.tar.gz",
        f"open upload s3://{BUCKET}/{NAME}job/part-1",
    }


def test_a_job_is_a_resource_until_it_ends_and_a_record_afterwards(
    clients: tuple[Any, Any],
) -> None:
    name = "demo-777777-"
    make_everything(*clients, name)

    seen = [found(clients, name)]
    while not seen[-1].records:
        seen.append(found(clients, name))

    assert seen[-1].records == (f"training job {name}job (Failed)",)
    for left in seen[:-1]:
        assert f"training job {name}job (InProgress)" in left.resources
    assert not any(resource.startswith("training job") for resource in seen[-1].resources)
