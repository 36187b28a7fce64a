"""The predecessor's own requests, against what this library sends for the same arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sparkml_sm import IAMRole, NamePolicy, S3DataPath, SageMakerEstimator, StagedDataset
from sparkml_sm.aws.hosting import Deployment, endpoint_requests
from sparkml_sm.stages.requests import TrainingPlan, training_request
from sparkml_sm.stages.xgboost import XGBoostSageMakerEstimator
from sparkml_sm.staging.destinations import FileDestination

Request = dict[str, Any]

_GOLDENS = Path(__file__).parent / "goldens" / "requests.jsonl"
_IN, _OUT = "s3://b/in/x/", "s3://b/out/x"


def _golden(case: str, operation: str) -> Request:
    for line in _GOLDENS.read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        if (found["case"], found["operation"]) == (case, operation):
            request: Request = found["request"]
            return request
    raise LookupError(case, operation)


def _comparable(request: Request) -> Request:
    """Leave out what must differ: names, places, the image, and reading by manifest."""
    copy: Request = json.loads(json.dumps(request))
    del copy["TrainingJobName"], copy["RoleArn"]
    del copy["OutputDataConfig"]["S3OutputPath"], copy["AlgorithmSpecification"]["TrainingImage"]
    for channel in copy["InputDataConfig"]:
        source = channel["DataSource"]["S3DataSource"]
        del source["S3Uri"], source["S3DataType"]
    return copy


def _sent(
    estimator: SageMakerEstimator | XGBoostSageMakerEstimator, hyperparameters: dict[str, str]
) -> Request:
    plan = TrainingPlan(
        job="job",
        image="image",
        role="role",
        hyperparameters=hyperparameters,
        format="recordio",
        channel=estimator.trainingChannelName,
        content_type=estimator.trainingContentType,
        output=_OUT,
    )
    staged = StagedDataset(
        uri=_IN,
        manifest="s3://b/in/x.manifest",
        objects=(),
        rows=1,
        features=1,
        used=1,
        bytes=1,
        _destination=FileDestination("/nowhere"),
    )
    return training_request(plan, estimator._settings, staged)


def _generic(**settings: Any) -> SageMakerEstimator:
    return SageMakerEstimator(
        trainingImage="img:1",
        modelImage="img:1",
        trainingInstanceType="ml.m5.large",
        trainingInstanceCount=1,
        sagemakerRole=IAMRole("R"),
        **settings,
    )


def test_xgboosts_training_request() -> None:
    golden = _comparable(_golden("xgboost", "CreateTrainingJob"))
    given = {"objective": "reg:linear", "eta": 0.3, "num_round": 5}
    with pytest.warns(FutureWarning, match="reg:squarederror"):
        estimator = XGBoostSageMakerEstimator("ml.m5.large", 1, "ml.m5.xlarge", 2, **given)
    found = _sent(estimator, estimator.hyperparameter_request())
    assert _comparable(found) == golden


@pytest.mark.parametrize(
    ("case", "settings"),
    [
        ("generic csv", {"hyperParameters": {"b": "x", "a": "1"}}),
        ("generic int hyperparameter", {"hyperParameters": {"a": 1}}),
        (
            "S3DataPath+CustomName+keep",
            {
                "hyperParameters": {"k": 10, "feature_dim": 3, "mini_batch_size": 5000},
                "trainingContentType": "application/x",
                "trainingCompressionCodec": "Gzip",
                "trainingKmsKeyId": "kms1",
                "trainingInputS3DataPath": S3DataPath("mybkt", "in"),
            },
        ),
    ],
)
def test_any_containers_training_request(case: str, settings: dict[str, Any]) -> None:
    golden = _comparable(_golden(case, "CreateTrainingJob"))
    # The service takes text alone, and refused the predecessor's number.
    golden["HyperParameters"] = {k: str(v) for k, v in golden["HyperParameters"].items()}
    estimator = _generic(**settings)
    assert _comparable(_sent(estimator, estimator._hyperparameters())) == golden


@pytest.mark.parametrize("case", ["kmeans autocreate", "fromModelS3Path 1"])
def test_hosting_requests_are_the_same_to_the_last_member(case: str) -> None:
    operations = ("CreateModel", "CreateEndpointConfig", "CreateEndpoint")
    golden = {operation: _golden(case, operation) for operation in operations}
    container = golden["CreateModel"]["PrimaryContainer"]
    [variant] = golden["CreateEndpointConfig"]["ProductionVariants"]
    deployment = Deployment(
        image=container["Image"],
        model_data=container["ModelDataUrl"],
        role=golden["CreateModel"]["ExecutionRoleArn"],
        environment={},
        instance_type=variant["InstanceType"],
        instance_count=variant["InitialInstanceCount"],
        names=NamePolicy(
            "job",
            golden["CreateModel"]["ModelName"],
            golden["CreateEndpointConfig"]["EndpointConfigName"],
            golden["CreateEndpoint"]["EndpointName"],
        ),
    )
    assert endpoint_requests(deployment) == golden
