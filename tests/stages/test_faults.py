"""What a user sees when a fit cannot work, and what is left behind: nothing."""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkml_sm import (
    AccessDeniedError,
    ConfigurationError,
    CredentialsError,
    EndpointError,
    IAMRole,
    IAMRoleFromConfig,
    InvalidDataError,
    ResourceNotFoundError,
    S3AutoCreatePath,
    S3DataPath,
    SageMakerModel,
    SparkMLSageMakerError,
    TrainingJobError,
)
from sparkml_sm.local import LocalSageMaker
from tests.stages.conftest import BUCKET, INSTANCE, ROLE, Account, Run

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SHARED_CREDENTIALS_FILE")


@pytest.fixture
def untouched(account: Account, run: Run) -> Iterator[Run]:
    """A run that must not have begun: no job, no object, no upload, nothing hosted."""
    yield run
    assert account.jobs(run.name) == []
    assert account.keys(run.name) == []
    assert account.uploads(run.name) == []
    assert account.hosted(run.name) == []


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"sagemakerRole": IAMRole("R")}, ConfigurationError, "'R' is no role ARN.*arn:aws:iam"),
        (
            {"sagemakerRole": IAMRoleFromConfig()},
            ConfigurationError,
            r"no role.*sagemakerRole=IAMRole\(.*set spark\.com\.amazonaws",
        ),
        (
            {"trainingInstanceType": "m5.large", "endpointInstanceType": "large"},
            ConfigurationError,
            r"trainingInstanceType='m5.large'.*mean 'ml.m5.large'.*endpointInstanceType='large'",
        ),
        (
            {"trainingInstanceCount": 0, "trainingS3DataDistribution": "Sharded"},
            ConfigurationError,
            "trainingInstanceCount=0.*trainingS3DataDistribution='Sharded'.*'ShardedByS3Key'",
        ),
        ({"trainingInstanceCount": 3}, ConfigurationError, "3 training instances share 2 objects"),
        (
            {"trainingInputS3DataPath": S3DataPath("no-such-bucket")},
            ResourceNotFoundError,
            "bucket 'no-such-bucket'.*create the bucket",
        ),
        (
            {"trainingOutputS3DataPath": S3DataPath("no-such-bucket")},
            ResourceNotFoundError,
            "bucket 'no-such-bucket'.*create the bucket",
        ),
        ({"num_round": None}, ConfigurationError, "cannot train.*num_round"),
        (
            {"trainingSparkDataFormatOptions": {"labelColumnName": "lable"}},
            InvalidDataError,
            "column 'lable' does not exist: did you mean 'label'",
        ),
        (
            {"trainingSparkDataFormatOptions": {"featuresColumnName": "feature"}},
            InvalidDataError,
            "column 'feature' does not exist: did you mean 'features'",
        ),
        (
            {"trainingSparkDataFormatOptions": {"labelColumn": "label"}},
            ConfigurationError,
            "no 'labelColumn': there are .*labelColumnName",
        ),
        (
            {"trainingProjectedColumns": ["label", "featres"]},
            InvalidDataError,
            "column 'featres' does not exist: did you mean 'features'",
        ),
        (
            {"trainingProjectedColumns": ["features"]},
            InvalidDataError,
            "column 'label' does not exist",
        ),
    ],
)
def test_what_cannot_work_is_said_in_one_line_and_nothing_begins(
    rows: DataFrame,
    untouched: Run,
    changes: dict[str, object],
    kind: type[SparkMLSageMakerError],
    message: str,
) -> None:
    if changes.get("num_round", 0) is None:
        estimator = untouched.estimator()
        estimator.clear(estimator.num_round)
    else:
        estimator = untouched.estimator(**changes)
    with pytest.raises(kind, match=message) as caught:
        estimator.fit(rows)
    assert "\n" not in str(caught.value)


def test_an_empty_frame_trains_nothing(rows: DataFrame, untouched: Run) -> None:
    with pytest.raises(InvalidDataError, match="no rows: there is nothing to train on"):
        untouched.estimator().fit(rows.filter("id < 0"))


def test_a_null_label_in_one_partition_leaves_nothing_of_the_others(
    rows: DataFrame, untouched: Run
) -> None:
    spoilt = rows.withColumn("label", F.when(F.col("id") != 150, F.col("label")))
    with pytest.raises(InvalidDataError, match=r"label.*row 50"):
        untouched.estimator().fit(spoilt)


class _Refusing(BaseHTTPRequestHandler):
    """S3 as it answers for a bucket that belongs to another account."""

    def do_HEAD(self) -> None:
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_PUT(self) -> None:
        body = b"<Error><Code>BucketAlreadyExists</Code><Message>Taken.</Message></Error>"
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(409)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
        yield
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("place", [S3DataPath("a-strangers"), S3AutoCreatePath()], ids=type)
@pytest.mark.parametrize("setting", ["trainingInputS3DataPath", "trainingOutputS3DataPath"])
def test_a_bucket_of_another_account_is_refused(
    rows: DataFrame, untouched: Run, refusing: None, setting: str, place: object
) -> None:
    with pytest.raises(AccessDeniedError, match=r"another account.*S3DataPath") as caught:
        untouched.estimator(**{setting: place}).fit(rows)
    assert "\n" not in str(caught.value)


def test_without_credentials_nothing_begins(
    rows: DataFrame, untouched: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(CredentialsError, match=r"no AWS credentials found.*sparkml-sm local"):
        untouched.estimator().fit(rows)


def test_keys_that_only_the_driver_has_are_refused_and_never_shown(
    rows: DataFrame,
    untouched: Run,
    inside: LocalSageMaker,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    key, secret = (inside.environment[name] for name in KEYS[:2])
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret)
    clients = {f"{name}Client": session.client(name) for name in ("sagemaker", "s3", "sts")}
    for name in KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(CredentialsError, match="tasks cannot find the driver's") as caught:
        untouched.estimator(**clients).fit(rows)
    assert key not in str(caught.value)
    assert secret not in str(caught.value)


def test_training_that_fails_gives_sagemakers_reason_and_the_log(
    account: Account, rows: DataFrame, run: Run
) -> None:
    wrong = rows.withColumn("label", F.lit(7.0))
    with pytest.raises(TrainingJobError, match="failed: ClientError: ") as caught:
        run.estimator(endpointInstanceType=INSTANCE).fit(wrong)
    [job] = account.jobs(run.name)
    first, *log = str(caught.value).splitlines()
    assert job["TrainingJobName"] in first
    assert job["FailureReason"].splitlines()[0] in str(caught.value)
    assert any(line.startswith("| ") for line in log)
    assert account.keys(f"{run.name}/in") == []
    assert account.uploads(run.name) == []
    assert account.hosted(run.name) == []


def _no_model(account: Account, run: Run) -> S3DataPath:
    """Return an artifact that no container can load."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as packed:
        entry = tarfile.TarInfo("xgboost-model")
        entry.size = 8
        packed.addfile(entry, io.BytesIO(b"no model"))
    key = f"{run.name}/model.tar.gz"
    account.s3.put_object(Bucket=BUCKET, Key=key, Body=archive.getvalue())
    return S3DataPath(BUCKET, key)


def test_an_endpoint_that_does_not_start_is_taken_back(account: Account, run: Run) -> None:
    artifact = _no_model(account, run)
    estimator = run.estimator(region="us-east-1")
    with pytest.raises(EndpointError, match=r"failed to start: .*; deleted again") as caught:
        SageMakerModel(
            endpointInstanceType=INSTANCE,
            modelImage=estimator.modelImage,
            modelPath=artifact,
            modelExecutionRoleARN=ROLE,
            namePolicy=estimator.namePolicyFactory.createNamePolicy(),
        )
    assert str(caught.value.createdResources) == "nothing"
    assert account.hosted(run.name) == []
    assert account.keys(run.name) == [artifact.objectPath], "a given artifact is not ours"


def test_an_endpoint_that_cannot_be_taken_back_is_named(
    account: Account, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account may create endpoints and not delete them."""
    client = boto3.client("sagemaker")

    def refuse(**_: object) -> None:
        raise client.exceptions.ClientError(
            {"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DeleteModel"
        )

    monkeypatch.setattr(client, "delete_model", refuse)
    estimator = run.estimator(region="us-east-1")
    names = estimator.namePolicyFactory.createNamePolicy()
    with pytest.raises(EndpointError, match="not deleted: model ") as caught:
        SageMakerModel(
            endpointInstanceType=INSTANCE,
            modelImage=estimator.modelImage,
            modelPath=_no_model(account, run),
            modelExecutionRoleARN=ROLE,
            namePolicy=names,
            sagemakerClient=client,
        )
    assert caught.value.createdResources.model_name == names.modelName
    assert names.modelName in str(caught.value)
    assert account.hosted(run.name) == [names.modelName]
    account.sagemaker.delete_model(ModelName=names.modelName)


def test_the_default_role_is_read_from_sparks_configuration(
    spark: SparkSession, rows: DataFrame, untouched: Run
) -> None:
    key = "spark.com.amazonaws.services.sagemaker.sparksdk.sagemakerrole"
    spark.conf.set(key, "not-an-arn")
    try:
        with pytest.raises(ConfigurationError, match="'not-an-arn' is no role ARN"):
            untouched.estimator(sagemakerRole=IAMRoleFromConfig()).fit(rows)
    finally:
        spark.conf.unset(key)
