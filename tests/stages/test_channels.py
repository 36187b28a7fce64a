"""Channels: which there are, what of them is staged, and that they come and go together."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkml_sm import (
    Channel,
    ConfigurationError,
    InvalidDataError,
    SparkMLSageMakerError,
    StagedDataset,
    XGBoostSageMakerEstimator,
    stage,
)
from sparkml_sm.catalog.data import LabelStats
from sparkml_sm.catalog.lda import LDA
from sparkml_sm.catalog.xgboost import XGBOOST
from sparkml_sm.stages.channels import JobChannels, PlannedChannel
from sparkml_sm.stages.planning import check_algorithm_channels
from sparkml_sm.staging.folders import FileDestination
from tests.stages.conftest import BUCKET, Account, Run


def _settings(**given: Any) -> dict[str, Any]:
    return XGBoostSageMakerEstimator("ml.m5.large", 1, **given)._settings


# Which channels and input modes an algorithm reads


@pytest.mark.parametrize(
    ("version", "staged_as", "given", "problem"),
    [
        ("3.2-0", "csv", {"channels": {"test": "s3://bkt/x/"}}, "no channel 'test': .* validation"),
        ("3.2-0", "csv", {"trainingChannelName": "training"}, "no channel 'training'"),
        ("3.2-0", "csv", {"trainingInputMode": "Pipe"}, "reads no channel in Pipe .* FastFile"),
        ("3.0-5", "libsvm", {"trainingInputMode": "Pipe"}, "channels of csv or parquet or record"),
        (
            "3.2-0",
            "csv",
            {"channels": {"validation": Channel("s3://bkt/x/", inputMode="Pipe")}},
            "reads no channel in Pipe mode, and channel 'validation'",
        ),
    ],
)
def test_what_an_algorithm_does_not_read_is_refused_with_what_it_reads(
    version: str, staged_as: str, given: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        check_algorithm_channels(XGBOOST, version, staged_as, _settings(**given))


@pytest.mark.parametrize(
    ("algorithm", "version", "staged_as", "given"),
    [
        (XGBOOST, "1.7-1", "csv", {"trainingInputMode": "Pipe"}),
        (XGBOOST, "3.2-0", "libsvm", {"trainingInputMode": "FastFile"}),
        (XGBOOST, "3.2-0", "libsvm", {"validationIndicatorCol": "v"}),
        (LDA, "1", "recordio", {"trainingInputMode": "Pipe"}),
        (LDA, "1", "csv", {"channels": {"test": Channel("s3://bkt/x/")}}),
    ],
)
def test_what_an_algorithm_reads_passes(
    algorithm: Any, version: str, staged_as: str, given: dict[str, Any]
) -> None:
    check_algorithm_channels(algorithm, version, staged_as, _settings(**given))


# All or none


def _planned(name: str) -> PlannedChannel:
    rows: Any = name  # stands for a DataFrame: it is only handed on
    return PlannedChannel(name, rows, "s3://bkt/in", "S3Prefix", "FullyReplicated", "File", None)


def _stager(folder: Path, widths: dict[str, int]) -> Callable[[Any, str], StagedDataset]:
    """Return a function that stages a file a channel; a channel without a width fails."""

    def stage_rows(rows: Any, uri: str) -> StagedDataset:
        assert uri == "s3://bkt/in"
        if rows not in widths:
            raise InvalidDataError("label is null in row 3")
        destination = FileDestination(str(folder / rows))
        destination.check()
        (folder / rows / "part-0").write_text("1", encoding="utf-8")
        return StagedDataset(
            uri=destination.uri,
            manifest="",
            objects=("part-0",),
            rows=1,
            features=widths[rows],
            used=widths[rows],
            bytes=1,
            _destination=destination,
        )

    return stage_rows


@pytest.mark.parametrize(
    ("widths", "problem"),
    [
        ({"train": 3}, r"channel 'validation': label is null"),
        ({"train": 3, "validation": 4}, r"'train' has 3, 'validation' has 4"),
    ],
)
def test_where_one_channel_cannot_be_staged_none_stays(
    tmp_path: Path, widths: dict[str, int], problem: str
) -> None:
    channels = JobChannels((_planned("train"), _planned("validation")))
    with pytest.raises(InvalidDataError, match=problem):
        channels.staged(_stager(tmp_path, widths))
    assert list(tmp_path.iterdir()) == []


def test_all_channels_are_deleted_together(tmp_path: Path) -> None:
    channels = JobChannels((_planned("train"), _planned("validation")))
    staged = channels.staged(_stager(tmp_path, {"train": 3, "validation": 3}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["train", "validation"]
    staged.delete()
    assert list(tmp_path.iterdir()) == []


def test_the_data_has_the_labels_of_all_channels(tmp_path: Path) -> None:
    staged = JobChannels((_planned("train"), _planned("validation"))).staged(
        _stager(tmp_path, {"train": 3, "validation": 3})
    )
    labels = LabelStats(0, 2, True), LabelStats(3, 3, True)
    told = JobChannels(
        tuple(
            replace(channel, staged=replace(channel.staged, labels=found))
            for channel, found in zip(staged.channels, labels, strict=True)
        )
    )
    assert told.data == replace(told.train.staged, labels=LabelStats(0, 3, True))


# On the local SageMaker


@pytest.fixture
def split(rows: DataFrame) -> DataFrame:
    return rows.withColumn("held_out", F.col("id") % 4 == 0).withColumn(
        "weight", F.lit(1.0) + F.col("id") % 2
    )


def test_one_fit_with_much_of_what_a_job_can_be_given(
    account: Account, run: Run, split: DataFrame
) -> None:
    checkpoints = f"s3://{BUCKET}/{run.name}/checkpoints"
    estimator = run.estimator(
        num_round=300,
        eval_metric="error",
        early_stopping_rounds=3,
        validationIndicatorCol="held_out",
        weightCol="weight",
        subnets=["subnet-1"],
        securityGroupIds=["sg-1"],
        enableNetworkIsolation=True,
        enableInterContainerTrafficEncryption=True,
        volumeKmsKeyId="key",
        tags={"team": "spam"},
        useSpotInstances=True,
        maxWaitTimeInSeconds=7200,
        trainingMaxRuntimeInSeconds=3600,
        checkpointS3Uri=checkpoints,
        environment={"MINE": "1"},
        metricDefinitions={"mine": r"validation-error:([0-9.]+)"},
        maximumRetryAttempts=2,
        deleteStagingDataAfterTraining=False,
        trainingJobOverrides={"StoppingCondition": {"MaxRuntimeInSeconds": 1800}},
    )
    model = estimator.fit(split)
    [job] = account.jobs(run.name)
    assert job["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert job["EnableNetworkIsolation"] is True
    assert job["EnableInterContainerTrafficEncryption"] is True
    assert job["ResourceConfig"]["VolumeKmsKeyId"] == "key"
    assert job["EnableManagedSpotTraining"] is True
    assert job["BillableTimeInSeconds"] <= job["TrainingTimeInSeconds"]
    assert job["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 1800,
        "MaxWaitTimeInSeconds": 7200,
    }
    assert job["CheckpointConfig"] == {"S3Uri": checkpoints}
    assert job["Environment"] == {"MINE": "1"}
    assert job["RetryStrategy"] == {"MaximumRetryAttempts": 2}
    metrics = {each["MetricName"]: each["Value"] for each in job["FinalMetricDataList"]}
    assert metrics["mine"] == pytest.approx(metrics["validation:error"])
    tags = account.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "spam"}]
    train, validation = job["InputDataConfig"]
    assert (train["ChannelName"], validation["ChannelName"]) == ("train", "validation")
    places = [each["DataSource"]["S3DataSource"] for each in (train, validation)]
    assert [place["S3DataDistributionType"] for place in places] == [
        "ShardedByS3Key",
        "FullyReplicated",
    ]
    lines = [_lines(account, place["S3Uri"]) for place in places]
    assert [len(each) for each in lines] == [150, 50]
    assert all(re.match(r"[01](\.0)?:[12]", line) for each in lines for line in each)
    assert model.modelPath is not None
    rounds = account.booster(model.modelPath.toS3UriString()).num_boosted_rounds()
    assert rounds < 300  # the validation channel has stopped it
    assert len(account.keys(f"{run.name}/checkpoints/xgboost-checkpoint.")) == 5


def _lines(account: Account, manifest: str) -> list[str]:
    import json

    head, *names = json.loads(account.read(manifest))
    texts = [account.read(head["prefix"] + name).decode() for name in names]
    return [line for text in texts for line in text.splitlines()]


def test_every_row_is_in_one_channel_however_its_indicator_is_computed(
    account: Account, run: Run, rows: DataFrame
) -> None:
    chance = F.udf(lambda _: random.random() < 0.5, "boolean")
    estimator = run.estimator(
        validationIndicatorCol="held_out", deleteStagingDataAfterTraining=False
    )
    estimator.fit(rows.withColumn("held_out", chance("id")))
    data = [key for key in account.keys(f"{run.name}/in") if key.endswith(".libsvm")]
    lines = [line for key in data for line in account.read(f"s3://{BUCKET}/{key}").splitlines()]
    assert len(lines) == len(set(lines)) == 200


def test_a_job_goes_on_from_its_checkpoints_and_trains_on_data_in_s3(
    account: Account, run: Run, rows: DataFrame
) -> None:
    staged = stage(rows, f"s3://{BUCKET}/{run.name}/mine", format="csv")
    given = {
        "channels": {"train": staged.uri.replace("s3:", "s3a:"), "validation": rows.limit(20)},
        "checkpointS3Uri": f"s3://{BUCKET}/{run.name}/checkpoints/",
        "trainingSparkDataFormat": "csv",
        "requestRowSerializer": None,
    }
    run.estimator(**given, num_round=3).fit(rows)
    model = run.estimator(**given, num_round=5).fit(rows)
    assert model.modelPath is not None
    booster = account.booster(model.modelPath.toS3UriString())
    assert booster.num_boosted_rounds() == 5
    second, first = sorted(
        account.jobs(run.name), key=lambda job: job["HyperParameters"]["num_round"], reverse=True
    )
    for job in (first, second):
        train = job["InputDataConfig"][0]["DataSource"]["S3DataSource"]
        assert (train["S3Uri"], train["S3DataType"]) == (staged.uri, "S3Prefix")
    log = [metric["MetricName"] for metric in second["FinalMetricDataList"]]
    assert "validation:logloss" in log
    # Of what lies in S3 nothing was deleted, and of what was staged nothing is left.
    kept = {uri.removeprefix(f"s3://{BUCKET}/") for uri in (*staged.objects, staged.manifest)}
    assert set(account.keys(f"{run.name}/mine")) == kept
    assert account.keys(f"{run.name}/in") == []


@pytest.mark.parametrize(
    ("given", "change", "kind", "message"),
    [
        (
            {"validationIndicatorCol": "held_out"},
            {"held_out": "if(id = 150, null, held_out)"},
            InvalidDataError,
            "column 'held_out', the validation indicator, is null in a row: make it",
        ),
        (
            {"validationIndicatorCol": "held_out"},
            {"held_out": "int(held_out)"},
            InvalidDataError,
            r"'held_out' is int, not boolean: compare it, e.g. F.col\('held_out'\) == 1",
        ),
        (
            {"validationIndicatorCol": "heldout"},
            {},
            InvalidDataError,
            "column 'heldout' does not exist: did you mean 'held_out'",
        ),
        (
            {"validationIndicatorCol": "held_out"},
            {"held_out": "id < 0"},
            InvalidDataError,
            "channel 'validation': the DataFrame has no rows",
        ),
        (
            {"validationIndicatorCol": "held_out", "channels": {"validation": "s3://bkt/x/"}},
            {},
            ConfigurationError,
            "validationIndicatorCol='held_out' and channels.'validation'..*exclude each other",
        ),
        ({"channels": {"validation": "bkt/x"}}, {}, ConfigurationError, "'validation': 'bkt/x' is"),
        ({"weightCol": "wait"}, {}, InvalidDataError, "'wait' does not exist: did you mean 'weigh"),
        (
            {"weightCol": "weight", "trainingSparkDataFormatOptions": {"weightColumnName": "id"}},
            {},
            ConfigurationError,
            "weightCol='weight' and the option weightColumnName='id' name two columns",
        ),
        ({"trainingInputMode": "Pipe"}, {}, ConfigurationError, "in Pipe mode.*FastFile"),
        (
            {"trainingJobOverrides": {"RetryStrategy": {"MaximumRetryAttempts": 99}}},
            {},
            ConfigurationError,
            "MaximumRetryAttempts must be at most 30, got 99",
        ),
    ],
)
def test_what_cannot_work_leaves_nothing_behind(
    account: Account,
    run: Run,
    split: DataFrame,
    given: dict[str, Any],
    change: dict[str, str],
    kind: type[SparkMLSageMakerError],
    message: str,
) -> None:
    with pytest.raises(kind, match=message) as caught:
        run.estimator(**given).fit(
            split.withColumns({name: F.expr(text) for name, text in change.items()})
        )
    assert "\n" not in str(caught.value)
    assert account.jobs(run.name) == []
    assert account.keys(run.name) == account.uploads(run.name) == []


def test_rows_of_another_frame_are_checked_as_the_training_rows_are(
    account: Account, run: Run, rows: DataFrame
) -> None:
    estimator = run.estimator(channels={"validation": rows.drop("label")})
    with pytest.raises(InvalidDataError, match="channel 'validation': column 'label' does not ex"):
        estimator.fit(rows)
    assert account.keys(run.name) == []
