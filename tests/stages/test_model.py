"""Models of what stands in the account already, and whose an endpoint is."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import numpy as np
import pytest
import xgboost
from botocore.config import Config
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkml_sm import (
    ConfigurationError,
    CustomNamePolicyWithTimeStampSuffix,
    EndpointCreationPolicy,
    EndpointError,
    RandomNamePolicy,
    ResourceNotFoundError,
    S3DataPath,
    S3PathFromConfig,
    SageMakerClients,
    SageMakerEstimatorBase,
    SageMakerModel,
    TrainingJobError,
)
from sparkml_sm.transformation.deserializers import XGBoostCSVRowDeserializer
from sparkml_sm.transformation.serializers import LibSVMRequestRowSerializer
from tests.stages.conftest import BUCKET, INSTANCE, ROLE, Account, Run, matrix, predictions

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
LATE = EndpointCreationPolicy.CREATE_ON_TRANSFORM
NEVER = EndpointCreationPolicy.DO_NOT_CREATE
_HOW = {
    "modelImage": IMAGE,
    "modelExecutionRoleARN": ROLE,
    "endpointInstanceType": INSTANCE,
    "endpointInitialInstanceCount": 1,
    "requestRowSerializer": LibSVMRequestRowSerializer(),
    "responseRowDeserializer": XGBoostCSVRowDeserializer(),
}


def _start(account: Account, name: str, objective: str = "reg:squarederror") -> str:
    """Start a training job without this library, and return its name when it has ended."""
    place = f"{name}/in"
    rows = "".join(f"{n % 2} 1:{n % 2} 2:0.5 3:{n % 5} 4:1\n" for n in range(40))
    account.s3.put_object(Bucket=BUCKET, Key=f"{place}/rows", Body=rows.encode())
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{place}/"}
    account.sagemaker.create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        RoleArn=ROLE,
        HyperParameters={"num_round": "2", "objective": objective},
        InputDataConfig=[
            {
                "ChannelName": "train",
                "ContentType": "text/libsvm",
                "DataSource": {"S3DataSource": source},
            }
        ],
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/{name}/out"},
        ResourceConfig={"InstanceType": INSTANCE, "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )
    describe = account.sagemaker.describe_training_job
    while describe(TrainingJobName=name)["TrainingJobStatus"] == "InProgress":
        time.sleep(0.05)
    return name


@pytest.fixture(scope="module")
def job(account: Account) -> str:
    """A training job that somebody else ran."""
    return _start(account, f"theirs-{uuid.uuid4().hex[:8]}")


def _artifact(account: Account, job: str) -> str:
    found = account.sagemaker.describe_training_job(TrainingJobName=job)
    return str(found["ModelArtifacts"]["S3ModelArtifacts"])


@pytest.fixture(scope="module")
def hosted(account: Account, job: str) -> Iterator[SageMakerModel]:
    """A model of that job with its endpoint; it deletes what it created and nothing else."""
    artifact = _artifact(account, job)
    model = SageMakerModel.fromTrainingJob(job, **_HOW)
    assert model.modelPath == S3DataPath.fromS3URI(artifact)
    created = str(model.getCreatedResources())
    assert str(model.endpointName) in created
    yield model
    assert str(model.getCreatedResources()) == created
    model.deleteResources(artifacts=True)
    assert account.hosted(model.namePolicy.modelName.partition("-")[2]) == []
    assert account.read(artifact)


def test_a_training_job_of_others_scores(
    account: Account, job: str, hosted: SageMakerModel, rows: DataFrame
) -> None:
    booster = account.booster(_artifact(account, job))
    expected = booster.predict(xgboost.DMatrix(matrix(rows)))
    assert np.allclose(predictions(hosted.transform(rows)), expected, atol=1e-6)


def test_an_endpoint_of_others_scores_and_is_never_deleted(
    account: Account, hosted: SageMakerModel, rows: DataFrame
) -> None:
    endpoint = str(hosted.endpointName)
    visitor = SageMakerModel.fromEndpoint(
        endpoint, LibSVMRequestRowSerializer(), XGBoostCSVRowDeserializer()
    )
    assert visitor.endpointName == endpoint
    assert visitor.endpointCreationPolicy is NEVER
    scored = visitor.transform(rows)
    assert np.array_equal(predictions(scored), predictions(hosted.transform(rows)))
    assert str(visitor.getCreatedResources()) == "nothing"
    visitor.deleteResources(artifacts=True)
    status = account.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"]
    assert status == "InService"


def test_nothing_is_created_unless_it_is_asked_for(account: Account, job: str) -> None:
    names = RandomNamePolicy(f"n{uuid.uuid4().hex[:8]}-")
    of_job = SageMakerModel.fromTrainingJob(
        job, **_HOW, endpointCreationPolicy=NEVER, namePolicy=names
    )
    without_type = _HOW | {"endpointInstanceType": None}
    of_path = SageMakerModel.fromModelS3Path(
        _artifact(account, job), **without_type, namePolicy=names, uid="mine"
    )
    assert of_job.modelPath == of_path.modelPath
    assert of_path.uid == "mine"
    assert account.hosted(names.prefix) == []


def test_each_call_has_names_and_a_uid_of_its_own(account: Account, job: str) -> None:
    path = _artifact(account, job)
    first, second = (
        SageMakerModel.fromModelS3Path(path, **_HOW, endpointCreationPolicy=NEVER) for _ in range(2)
    )
    assert first.uid != second.uid
    assert first.namePolicy.endpointName != second.namePolicy.endpointName


def test_the_client_that_is_given_is_asked(job: str, account: Account) -> None:
    client = SageMakerClients.create_sagemaker_client()
    model = SageMakerModel.fromTrainingJob(
        job, **_HOW, endpointCreationPolicy=NEVER, sagemakerClient=client
    )
    assert model.sagemakerClient is client
    once = Config(retries={"total_max_attempts": 1})
    elsewhere = boto3.client("sagemaker", endpoint_url="http://127.0.0.1:9", config=once)
    with pytest.raises(RuntimeError, match=r"DescribeTrainingJob .*127\.0\.0\.1:9"):
        SageMakerModel.fromTrainingJob(job, **_HOW, sagemakerClient=elsewhere)


def test_what_is_not_there_or_has_no_model_is_named(account: Account) -> None:
    with pytest.raises(ResourceNotFoundError, match="DescribeTrainingJob of no-such-job"):
        SageMakerModel.fromTrainingJob("no-such-job", **_HOW)
    with pytest.raises(ResourceNotFoundError, match="DescribeEndpoint of no-such-endpoint"):
        SageMakerModel.fromEndpoint(
            "no-such-endpoint", LibSVMRequestRowSerializer(), XGBoostCSVRowDeserializer()
        )
    failed = _start(account, f"failed-{uuid.uuid4().hex[:8]}", "multi:softmax")
    with pytest.raises(TrainingJobError, match=f"training job {failed} failed: ClientError"):
        SageMakerModel.fromTrainingJob(failed, **_HOW)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {
                "endpointInstanceType": "c4.8xlarge",
                "modelExecutionRoleARN": "some-role",
                "modelPath": "s3://bucket/model.tar.gz",
            },
            r"mean 'ml\.c4\.8xlarge'.*modelPath=.* must be an S3DataPath.*"
            r"modelExecutionRoleARN='some-role' .*write it as 'arn:aws:iam::<account>:role/some-ro",
        ),
        ({"modelImage": None}, "an endpoint needs modelImage as well"),
        (
            {"namePolicy": CustomNamePolicyWithTimeStampSuffix("j", "m_m", "c", "e")},
            "modelName 'm_m-.*letters, digits and hyphens",
        ),
    ],
)
def test_service_values_are_kept_as_given_and_checked_at_once_when_an_endpoint_is_wanted(
    account: Account, rows: DataFrame, changes: dict[str, Any], message: str
) -> None:
    given = _HOW | {"modelPath": S3DataPath("bucket", "model.tar.gz")} | changes
    model = SageMakerModel(**given, endpointCreationPolicy=LATE)
    assert {name: getattr(model, name) for name in given} == given
    with pytest.raises(ConfigurationError, match=message) as caught:
        model.transform(rows)
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigurationError, match=message):
        SageMakerModel(**given)


def test_copies_share_one_endpoint_whoever_creates_and_deletes_it(
    account: Account, job: str, rows: DataFrame
) -> None:
    model = SageMakerModel.fromTrainingJob(job, **_HOW, endpointCreationPolicy=LATE)
    copy = model.copy()
    try:
        scored = copy.transform(rows.limit(1))
        assert model.endpointName == copy.endpointName is not None
        assert model.transform(rows.limit(1)).collect() == scored.collect()
        assert len(account.hosted(model.namePolicy.modelName.partition("-")[2])) == 3
    finally:
        model.deleteResources()
    assert copy.endpointName is None
    assert str(copy.getCreatedResources()) == "nothing"
    copy.deleteResources()


def test_two_frames_of_one_model_do_not_take_each_others_columns(
    hosted: SageMakerModel, rows: DataFrame
) -> None:
    other = rows.select("label", "features", "id").withColumn("features", F.reverse("features"))
    first, second = hosted.transform(rows), hosted.transform(other)
    backwards = predictions(second)
    forwards = predictions(first)
    assert np.array_equal(predictions(hosted.transform(rows)), forwards)
    assert not np.array_equal(forwards, backwards)


def test_an_endpoint_that_takes_too_long_is_given_up(
    account: Account, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SageMakerModel, "EndpointCreationTimeout", 0.0)
    monkeypatch.setattr(SageMakerModel, "EndpointPollInterval", 0.01)
    names = RandomNamePolicy(f"t{uuid.uuid4().hex[:8]}-")
    with pytest.raises(EndpointError, match="EndpointCreationTimeout gives it more time"):
        SageMakerModel.fromTrainingJob(job, **_HOW, namePolicy=names)
    assert account.hosted(names.prefix) == []


def test_a_model_that_was_trained_is_not_lost_with_its_endpoint(
    spark: SparkSession,
    account: Account,
    rows: DataFrame,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The quota for endpoints is used up, and what was created for this one may not be deleted."""
    client = boto3.client("sagemaker")
    described: list[object] = []
    events = client.meta.events
    events.register("before-call.sagemaker.DescribeTrainingJob", lambda **_: described.append(1))
    monkeypatch.setattr(client, "create_endpoint", _refusal(client, "ResourceLimitExceeded"))
    monkeypatch.setattr(client, "delete_model", _refusal(client, "AccessDeniedException"))
    monkeypatch.setattr(SageMakerEstimatorBase, "TrainingJobPollInterval", 0.01)
    key = S3PathFromConfig().configKey
    spark.conf.set(f"spark.{key}", f"s3://{BUCKET}/{run.name}/configured")
    try:
        estimator = run.estimator(
            endpointInstanceType=INSTANCE,
            sagemakerClient=client,
            trainingInputS3DataPath=S3PathFromConfig(),
            trainingOutputS3DataPath=S3PathFromConfig(),
        )
        with pytest.raises(EndpointError, match="ResourceLimitExceeded") as caught:
            estimator.fit(rows)
    finally:
        spark.conf.unset(f"spark.{key}")
    assert len(described) > 20, "a job of a second, looked at every 10 ms"

    error = caught.value
    [name] = account.hosted(run.name)
    assert error.createdResources.model_name == name
    assert error.createdResources.endpoint_config_name is None, "it was deleted again"
    assert error.trainingJobName == estimator.latestTrainingJob
    assert f"fromTrainingJob({error.trainingJobName!r}" in str(error)

    how = _HOW | {"endpointInstanceType": None}
    rescued = SageMakerModel.fromTrainingJob(str(error.trainingJobName), **how)
    assert rescued.modelPath is not None
    assert rescued.modelPath.objectPath.startswith(f"{run.name}/configured/{error.trainingJobName}")
    assert account.booster(rescued.modelPath.toS3UriString()).num_boosted_rounds() == 4
    account.sagemaker.delete_model(ModelName=name)


def _refusal(client: Any, code: str) -> Any:
    def refuse(**_: object) -> None:
        raise client.exceptions.ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")

    return refuse
