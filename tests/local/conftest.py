from __future__ import annotations

import os
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sparkml_sm.local import LocalSageMaker

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


@dataclass(frozen=True)
class Aws:
    """Unmodified boto3 clients of a running local SageMaker."""

    sagemaker: Any
    runtime: Any
    s3: Any
    logs: Any
    sts: Any


def clients(environment: Mapping[str, str], **config: Any) -> Aws:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        session = boto3.session.Session()
        settings = Config(**config) if config else None
        return Aws(
            *(
                session.client(name, config=settings)
                for name in ("sagemaker", "sagemaker-runtime", "s3", "logs", "sts")
            )
        )


@pytest.fixture(scope="session")
def local() -> Iterator[LocalSageMaker]:
    before = dict(os.environ)
    with LocalSageMaker() as running:
        # Tests of other packages must not find it in their environment.
        for name in running.environment:
            os.environ.pop(name)
        os.environ.update(before)
        yield running


@pytest.fixture(scope="session")
def aws(local: LocalSageMaker) -> Aws:
    return clients(local.environment)


@pytest.fixture(scope="session")
def bucket(aws: Aws) -> str:
    aws.s3.create_bucket(Bucket="test-bucket")
    return "test-bucket"


@pytest.fixture
def name() -> str:
    return f"t-{uuid.uuid4().hex[:12]}"


def rows(count: int, seed: int) -> str:
    numbers = random.Random(seed)
    lines = []
    for _ in range(count):
        first, second = numbers.random(), numbers.random()
        lines.append(f"{int(first > second)} 1:{first:.4f} 2:{second:.4f}\n")
    return "".join(lines)


@pytest.fixture(scope="session")
def data(aws: Aws, bucket: str) -> str:
    """The URI of a folder with train/ and validation/ in LIBSVM."""
    aws.s3.put_object(Bucket=bucket, Key="data/train/part-0", Body=rows(300, 0))
    aws.s3.put_object(Bucket=bucket, Key="data/train/part-1", Body=rows(100, 1))
    aws.s3.put_object(Bucket=bucket, Key="data/validation/part-0", Body=rows(100, 2))
    return f"s3://{bucket}/data"


def channel(name: str, uri: str, kind: str = "S3Prefix", **more: Any) -> dict[str, Any]:
    source = {"S3DataType": kind, "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {
        "ChannelName": name,
        "ContentType": "text/libsvm",
        "DataSource": {"S3DataSource": source},
        **more,
    }


def training_request(name: str, data: str, bucket: str, **changes: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": {"num_round": "5", "objective": "binary:logistic"},
        "InputDataConfig": [
            channel("train", f"{data}/train/"),
            channel("validation", f"{data}/validation/"),
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/output"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 5,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        **changes,
    }


def until(describe: Callable[[], dict[str, Any]], member: str, *passing: str) -> dict[str, Any]:
    """Describe until a status is none of those that pass."""
    deadline = time.monotonic() + 60
    while (answer := describe())[member] in passing:
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)
    return answer


@pytest.fixture
def train(aws: Aws, name: str, data: str, bucket: str) -> Callable[..., dict[str, Any]]:
    """Train with some members of the request changed; return the last description."""

    def run(**changes: Any) -> dict[str, Any]:
        aws.sagemaker.create_training_job(**training_request(name, data, bucket, **changes))
        return until(
            lambda: aws.sagemaker.describe_training_job(TrainingJobName=name),
            "TrainingJobStatus",
            "InProgress",
            "Stopping",
        )

    return run


@pytest.fixture(scope="session")
def artifact(aws: Aws, data: str, bucket: str) -> str:
    """The URI of a trained model."""
    aws.sagemaker.create_training_job(**training_request("artifact", data, bucket))
    job = until(
        lambda: aws.sagemaker.describe_training_job(TrainingJobName="artifact"),
        "TrainingJobStatus",
        "InProgress",
    )
    assert job["TrainingJobStatus"] == "Completed", job
    uri: str = job["ModelArtifacts"]["S3ModelArtifacts"]
    return uri


def create_model(aws: Aws, name: str, uri: str, **container: Any) -> None:
    aws.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": uri, **container},
    )


def create_endpoint(aws: Aws, name: str, *, wait: bool = True) -> None:
    """Create configuration and endpoint, named like the model."""
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    aws.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    if wait:
        aws.sagemaker.get_waiter("endpoint_in_service").wait(
            EndpointName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400}
        )


@pytest.fixture(scope="session")
def endpoint(aws: Aws, artifact: str) -> str:
    """The name of an endpoint in service."""
    create_model(aws, "shared", artifact)
    create_endpoint(aws, "shared")
    return "shared"
