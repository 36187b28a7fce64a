"""CreateTrainingJob as a function of what was set and what was staged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sparkml_sm import ConfigurationError, StagedDataset, XGBoostSageMakerEstimator
from sparkml_sm.stages.channels import JobChannels, PlannedChannel
from sparkml_sm.stages.requests import TrainingPlan, training_request
from sparkml_sm.staging.folders import FileDestination

PLAN = TrainingPlan(
    job="job",
    image="123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1",
    role="arn:aws:iam::123456789012:role/mine",
    hyperparameters={},
    format="csv",
    output="s3://bucket/out",
)
STAGED = StagedDataset(
    uri="s3://bucket/in/x/",
    manifest="s3://bucket/in/x.manifest",
    objects=("s3://bucket/in/x/part-0",),
    rows=1,
    features=1,
    used=1,
    bytes=1,
    _destination=FileDestination("/nowhere"),
)
TRAIN = PlannedChannel(
    name="train",
    rows=None,
    uri="s3://bucket/in",
    data_type="S3Prefix",
    distribution="ShardedByS3Key",
    input_mode="File",
    content_type=None,
    staged=STAGED,
)


def _request(*channels: PlannedChannel, **settings: Any) -> dict[str, Any]:
    estimator = XGBoostSageMakerEstimator("ml.m5.large", 1, **settings)
    return training_request(PLAN, estimator._settings, JobChannels(channels or (TRAIN,)))


def _source(channel: PlannedChannel, **settings: Any) -> dict[str, Any]:
    [found] = _request(channel, **settings)["InputDataConfig"]
    source: dict[str, Any] = found["DataSource"]["S3DataSource"]
    return source


def test_what_is_not_set_is_absent() -> None:
    assert _request() == {
        "TrainingJobName": "job",
        "AlgorithmSpecification": {"TrainingImage": PLAN.image, "TrainingInputMode": "File"},
        "RoleArn": PLAN.role,
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "ManifestFile",
                        "S3Uri": STAGED.manifest,
                        "S3DataDistributionType": "ShardedByS3Key",
                    }
                },
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 1024,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 86_400},
    }


@pytest.mark.parametrize(
    ("mode", "by_prefix"), [("File", False), ("Pipe", False), ("FastFile", True)]
)
def test_fast_file_knows_no_manifest(mode: str, by_prefix: bool) -> None:
    source = _source(replace(TRAIN, input_mode=mode))
    assert source["S3DataType"] == ("S3Prefix" if by_prefix else "ManifestFile")
    assert source["S3Uri"] == (STAGED.uri if by_prefix else STAGED.manifest)


def test_a_channels_own_mode_is_sent_where_it_is_not_the_jobs() -> None:
    other = replace(TRAIN, name="validation", input_mode="FastFile")
    first, second = _request(TRAIN, other)["InputDataConfig"]
    assert "InputMode" not in first
    assert second["InputMode"] == "FastFile"


def test_data_in_s3_is_named_as_it_is() -> None:
    given = replace(TRAIN, staged=None, uri="s3://other/list.json", data_type="ManifestFile")
    assert _source(given)["S3Uri"] == "s3://other/list.json"
    assert _source(given)["S3DataType"] == "ManifestFile"


def test_one_member_of_a_channel_can_be_overridden_by_its_name() -> None:
    change = {"ChannelName": "train", "ShuffleConfig": {"Seed": 7}}
    request = _request(trainingJobOverrides={"InputDataConfig": [change]})
    [channel] = request["InputDataConfig"]
    assert channel["ShuffleConfig"] == {"Seed": 7}
    assert channel["DataSource"]["S3DataSource"]["S3Uri"] == STAGED.manifest


def test_a_request_that_sagemaker_would_refuse_is_an_error_of_ours() -> None:
    overrides = {
        "InputDataConfig": [{"ChannelName": "valdation", "ContentType": "text/csv"}],
        "RoleArn": None,
    }
    with pytest.raises(ConfigurationError, match=r"job cannot run: RoleArn is req.*\[1\]\.DataSou"):
        _request(trainingJobOverrides=overrides)


def test_the_named_parameters_are_in_the_request() -> None:
    request = _request(
        environment={"A": "b"},
        enableNetworkIsolation=True,
        checkpointS3Uri="s3://bucket/checkpoints",
        volumeKmsKeyId="key",
        trainingKmsKeyId="other-key",
    )
    assert request["Environment"] == {"A": "b"}
    assert request["EnableNetworkIsolation"] is True
    assert request["CheckpointConfig"] == {"S3Uri": "s3://bucket/checkpoints"}
    assert request["ResourceConfig"]["VolumeKmsKeyId"] == "key"
    assert request["ResourceConfig"]["InstanceCount"] == 1
    assert request["OutputDataConfig"]["KmsKeyId"] == "other-key"
