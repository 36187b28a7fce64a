"""KMeans, PCA and LDA through boto3: trained, deployed and asked."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import numpy as np
import pytest

from sparkml_sm.formats import ndarray, recordio
from sparkml_sm.formats.rows import dense_rows
from tests.local.conftest import Aws, channel, create_endpoint, training_request, until

#: Six features, of which three are large in one half of the rows and three in the other.
_RANDOM = np.random.default_rng(0)
DATA = _RANDOM.poisson(np.repeat([[9, 9, 9, 1, 1, 1], [1, 1, 1, 9, 9, 9]], 60, axis=0)).astype(
    float
)


def image(repository: str) -> str:
    return f"382416733822.dkr.ecr.us-east-1.amazonaws.com/{repository}:1"


@pytest.fixture(scope="module")
def uri(aws: Aws, bucket: str) -> str:
    rows = dense_rows(DATA)
    body = b"".join(recordio.encode(rows).to_pylist())
    aws.s3.put_object(Bucket=bucket, Key="first-party/train/part-0", Body=body)
    aws.s3.put_object(Bucket=bucket, Key="first-party/test/part-0", Body=body)
    return f"s3://{bucket}/first-party"


def trained(
    aws: Aws, name: str, bucket: str, uri: str, repository: str, values: dict[str, str]
) -> dict[str, Any]:
    channels = [channel(each, f"{uri}/{each}/") for each in ("train", "test")]
    for each in channels:
        del each["ContentType"]
    request = training_request(
        name,
        uri,
        bucket,
        AlgorithmSpecification={"TrainingImage": image(repository), "TrainingInputMode": "File"},
        HyperParameters={"feature_dim": "6", **values},
        InputDataConfig=channels,
    )
    aws.sagemaker.create_training_job(**request)
    return until(
        lambda: aws.sagemaker.describe_training_job(TrainingJobName=name),
        "TrainingJobStatus",
        "InProgress",
    )


def deployed(aws: Aws, name: str, job: dict[str, Any], repository: str) -> None:
    aws.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=job["RoleArn"],
        PrimaryContainer={
            "Image": image(repository),
            "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
        },
    )
    create_endpoint(aws, name)


def artifact(aws: Aws, job: dict[str, Any]) -> Any:
    bucket, _, key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").partition("/")
    body = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        assert tar.getnames() == ["model_algo-1"]
        member = tar.extractfile("model_algo-1")
        assert member is not None
        return ndarray.decode(member.read())


@pytest.mark.parametrize(
    ("repository", "values", "metric", "answer"),
    [
        ("kmeans", {"k": "2"}, "test:msd", "closest_cluster"),
        ("pca", {"num_components": "1", "mini_batch_size": "50"}, "train:progress", "projection"),
        (
            "lda",
            {"num_topics": "2", "mini_batch_size": "120", "max_restarts": "2"},
            "test:pwll",
            "topic_mixture",
        ),
    ],
)
def test_train_deploy_and_ask(
    aws: Aws,
    name: str,
    bucket: str,
    uri: str,
    repository: str,
    values: dict[str, str],
    metric: str,
    answer: str,
) -> None:
    job = trained(aws, name, bucket, uri, repository, values)
    assert job["TrainingJobStatus"] == "Completed", job
    assert metric in {each["MetricName"] for each in job["FinalMetricDataList"]}
    assert len(artifact(aws, job)) == {"kmeans": 1, "pca": 3, "lda": 2}[repository]
    deployed(aws, name, job, repository)
    response = aws.runtime.invoke_endpoint(
        EndpointName=name,
        ContentType="application/json",
        Body=json.dumps({"instances": [{"features": row} for row in DATA.tolist()]}),
    )
    assert response["ContentType"] == "application/json"
    ((_, answers),) = json.loads(response["Body"].read()).items()
    told = np.array([each[answer] for each in answers]).reshape(len(DATA), -1)[:, 0]
    # Whatever the algorithm, its first number tells the halves of the rows apart.
    low, high = sorted([told[:60], told[60:]], key=lambda half: float(half.mean()))
    assert low.max() < high.min()
    response = aws.runtime.invoke_endpoint(
        EndpointName=name,
        ContentType="application/x-recordio-protobuf",
        Accept="application/x-recordio-protobuf",
        Body=b"".join(recordio.encode(dense_rows(DATA)).to_pylist()),
    )
    labels = recordio.decode_labels(response["Body"].read())
    np.testing.assert_array_equal(labels[answer].values.reshape(len(DATA), -1)[:, 0], told)


def test_a_hyperparameter_that_the_container_refuses_fails_the_job(
    aws: Aws, name: str, bucket: str, uri: str
) -> None:
    job = trained(aws, name, bucket, uri, "kmeans", {"k": "1"})
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: `k` of kmeans must be an int in [2")
