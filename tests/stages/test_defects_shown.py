"""What docs/defects.md says of stages and other tests show in part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from pyspark.sql import SparkSession

from sparkml_sm import (
    IAMRole,
    S3DataPath,
    SageMakerModel,
    SparkMLSageMakerError,
    StagedDataset,
    XGBoostSageMakerEstimator,
    errors,
)
from sparkml_sm.aws.config import AwsConfig
from sparkml_sm.inference.deserializers import XGBoostCSVRowDeserializer
from sparkml_sm.inference.realtime import RealTimeScorer
from sparkml_sm.inference.retries import Backoff
from sparkml_sm.inference.serializers import UnlabeledCSVRequestRowSerializer
from sparkml_sm.local import LocalSageMaker
from sparkml_sm.stages import progress
from sparkml_sm.stages.channels import JobChannels, PlannedChannel
from sparkml_sm.stages.service import OVERRIDES
from sparkml_sm.staging.folders import FileDestination
from sparkml_sm.staging.objects import S3Destination
from sparkml_sm.staging.tickets import Destination
from tests.stages.recorded import RecordedSageMaker

ROLE = "arn:aws:iam::123456789012:role/R"
BUCKET = "defects"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account for requests that end before the network."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


# 7: clean-up that fails


class _Locked(S3Destination):
    """A prefix in an S3 that lets its objects be seen and not deleted."""

    def _client(self) -> Any:
        client = boto3.client("s3")
        stubber = Stubber(client)
        stubber.add_response("list_multipart_uploads", {})
        stubber.add_response("list_objects_v2", {"Contents": [{"Key": f"{self.prefix}part-0"}]})
        stubber.add_client_error("delete_object", "AccessDenied", http_status_code=403)
        stubber.activate()
        return client


def _channel(name: str, destination: Destination) -> PlannedChannel:
    rows = StagedDataset(
        uri=destination.uri,
        manifest="",
        objects=(),
        rows=1,
        features=1,
        used=1,
        bytes=1,
        _destination=destination,
    )
    where = ("s3://bucket/in", "S3Prefix", "FullyReplicated", "File", None)
    return replace(PlannedChannel(name, None, *where), staged=rows)


def test_staged_rows_that_stay_are_named_in_a_warning_and_all_others_go(
    keys: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    locked = _Locked(AwsConfig("us-east-1"), "bucket", "in/0123456789ab/")
    other = FileDestination(str(tmp_path / "other"))
    other.check()
    JobChannels((_channel("train", locked), _channel("validation", other))).delete()
    [warning] = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert warning.startswith("staged rows at s3://bucket/in/0123456789ab/ could not be deleted: ")
    assert "AccessDenied" in warning
    assert list(tmp_path.iterdir()) == []


# 11, 12 and 26: what a fit sends, and what it shows


def test_lambda_and_an_objective_that_was_refused_reach_the_job_which_shows_its_state(
    spark: SparkSession,
    inside: LocalSageMaker,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert inside.environment
    monkeypatch.setattr(progress, "_shown", True)
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    sagemaker = RecordedSageMaker()
    estimator: Any = XGBoostSageMakerEstimator(
        "ml.m5.large",
        1,
        sagemakerRole=IAMRole(ROLE),
        sagemakerClient=sagemaker.client,
        trainingInputS3DataPath=S3DataPath(BUCKET, "in"),
        trainingOutputS3DataPath=S3DataPath(BUCKET, "out"),
    )
    estimator.setNumRound(3).setLambda(2.5).setObjective("binary:logitraw")
    rows = spark.createDataFrame([(1.0, [2.0, 3.0])], "label double, features array<double>")
    estimator.fit(rows.coalesce(1))
    assert sagemaker.last("CreateTrainingJob")["HyperParameters"] == {
        "lambda": "2.5",
        "num_round": "3",
        "objective": "binary:logitraw",
    }
    assert f"training job {estimator.latestTrainingJob}: Completed" in capsys.readouterr().err  # 26


# 13: names and uids

_HOW: dict[str, Any] = {
    "endpointInstanceType": "ml.m5.large",
    "endpointInitialInstanceCount": 1,
    "requestRowSerializer": UnlabeledCSVRequestRowSerializer(),
    "responseRowDeserializer": XGBoostCSVRowDeserializer(),
    "modelImage": "image",
    "modelExecutionRoleARN": ROLE,
}


@pytest.mark.parametrize(
    ("make", "of"),
    [
        (SageMakerModel.fromTrainingJob, "job"),
        (SageMakerModel.fromModelS3Path, "s3://bucket/k/model.tar.gz"),
    ],
    ids=["fromTrainingJob", "fromModelS3Path"],
)
def test_two_calls_deploy_two_endpoints(
    keys: None, make: Callable[..., SageMakerModel], of: str
) -> None:
    sagemaker = RecordedSageMaker()
    first, second = (make(of, **_HOW, sagemakerClient=sagemaker.client) for _ in range(2))
    assert first.uid != second.uid
    for kind in ("Model", "EndpointConfig", "Endpoint"):
        names = [each[f"{kind}Name"] for each in sagemaker.requests[f"Create{kind}"]]
        assert len(set(names)) == 2, names


# 18: errors


def test_every_error_is_one_of_ours() -> None:
    found = [each for each in vars(errors).values() if isinstance(each, type)]
    raised = [each for each in found if issubclass(each, BaseException)]
    assert len(raised) > 8
    assert [each for each in raised if not issubclass(each, SparkMLSageMakerError)] == []


# 27: members of the requests that no keyword names


def test_overrides_of_all_three_requests_of_an_endpoint_are_sent(keys: None) -> None:
    sagemaker = RecordedSageMaker()
    rolling = {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1}}
    overrides: dict[str, dict[str, Any]] = {
        "CreateModel": {"InferenceExecutionConfig": {"Mode": "Serial"}},
        "CreateEndpointConfig": {"ExecutionRoleArn": ROLE},
        "CreateEndpoint": {
            "DeploymentConfig": {
                "RollingUpdatePolicy": {**rolling, "WaitIntervalInSeconds": 60},
            }
        },
    }
    given: dict[str, Any] = {OVERRIDES[each]: members for each, members in overrides.items()}
    SageMakerModel.fromModelS3Path(
        "s3://bucket/k/model.tar.gz", **_HOW, sagemakerClient=sagemaker.client, **given
    )
    for operation, members in overrides.items():
        assert members.items() <= sagemaker.last(operation).items()


# 20: requests at once, and pauses between attempts


def _throttled() -> Iterator[Exception]:
    while True:
        yield ClientError({"Error": {"Code": "ThrottlingException"}}, "InvokeEndpoint")


def test_eight_requests_at_once_and_pauses_that_grow() -> None:
    assert RealTimeScorer(AwsConfig("us-east-1"), "e", "text/csv", "text/csv").in_flight == 8
    errors_, pauses = _throttled(), list[float]()

    def send() -> bytes:
        raise next(errors_)

    with pytest.raises(ClientError):
        Backoff().call(send, sleep=pauses.append, jitter=lambda: 1.0)
    assert pauses == [0.2 * 2**number for number in range(7)]
    assert sum(pauses) > 20  # the predecessor gave up after three seconds
