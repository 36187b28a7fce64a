"""Service arguments are checked together, by the model of the member that each one goes to."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from sparkml_sm import (
    Channel,
    ConfigurationError,
    SageMakerEstimator,
    SageMakerModel,
    XGBoostSageMakerEstimator,
)
from sparkml_sm.aws.shapes import request_problems
from sparkml_sm.catalog.xgboost import XGBOOST
from sparkml_sm.stages.checks import check_hosting, check_training
from sparkml_sm.stages.service import HOSTING, OVERRIDES, TRAINING, completed


def _settings(**given: Any) -> dict[str, Any]:
    return XGBoostSageMakerEstimator("ml.m5.large", 1, **given)._settings


SPOT = {"useSpotInstances": True, "maxWaitTimeInSeconds": 86_400}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"subnets": "subnet-1", "securityGroupIds": ["sg-1"]}, "subnets: .*must be a list"),
        ({"subnets": ["subnet-1"]}, "subnets and securityGroupIds go together"),
        ({"volumeKmsKeyId": "a key"}, "volumeKmsKeyId: ResourceConfig.VolumeKmsKeyId must match"),
        ({"inputKmsKeyId": "a key"}, "inputKmsKeyId='a key' must match"),
        ({"endpointKmsKeyId": 3}, "endpointKmsKeyId: KmsKeyId must be a str"),
        ({"tags": ["a"]}, "tags=.'a'. must be a dict of str to str"),
        ({"tags": {f"k{number}": "" for number in range(51)}}, "Tags must have at most 50 entries"),
        ({"useSpotInstances": "yes"}, "useSpotInstances: .* must be True or False, got 'yes'"),
        ({"useSpotInstances": True}, "needs maxWaitTimeInSeconds of at least 86400.*got None"),
        ({**SPOT, "maxWaitTimeInSeconds": 60}, "at least 86400.*got 60"),
        ({"maxWaitTimeInSeconds": 90_000}, "is for spot jobs: set useSpotInstances=True"),
        ({**SPOT, "keepAlivePeriodInSeconds": 60}, "exclude each other"),
        ({"keepAlivePeriodInSeconds": 99_999}, "KeepAlivePeriodInSeconds must be at most 21600"),
        ({"checkpointLocalPath": "/opt/x"}, "checkpointLocalPath needs checkpointS3Uri"),
        ({"checkpointS3Uri": "bucket/x"}, "checkpointS3Uri: CheckpointConfig.S3Uri must match"),
        ({"environment": {"A": 1}}, r"environment: Environment\['A'\] must be a str, got 1"),
        ({"metricDefinitions": {"m": ""}}, "Regex must have at least 1 characters"),
        ({"maximumRetryAttempts": 0}, "maximumRetryAttempts: .* must be at least 1, got 0"),
        ({"weightCol": 3}, "weightCol=3 must be"),
        ({"channels": ["s3://b/p"]}, "channels=.* must be a dict of channel name"),
        ({"channels": {"validation": 3}}, "'validation' is a int, no DataFrame or URI"),
        (
            {"channels": {"validation": Channel("s3://b/p", inputMode="Fast")}},
            "InputMode must be one of Pipe, File, FastFile, got 'Fast'",
        ),
        ({"trainingJobOverrides": {"VpcConfg": {}}}, "trainingJobOverrides: VpcConfg is no member"),
        ({"trainingJobOverrides": [1]}, "must be a dict of members of CreateTrainingJob"),
        ({"endpointOverrides": {"EndpointName": "x"}}, "EndpointName is no override: set namePol"),
        (
            {"trainingJobOverrides": {"HyperParameters": {"num_round": "2"}}},
            "HyperParameters is no override: set the hyperparameters of the estimator",
        ),
        (
            {"trainingJobOverrides": {"AlgorithmSpecification": {"TrainingInputMode": "Pipe"}}},
            "TrainingInputMode is no override: set trainingInputMode",
        ),
        (
            {"trainingJobOverrides": {"ResourceConfig": {"InstanceCount": 3}}},
            "InstanceCount is no override: set trainingInstanceCount",
        ),
        (
            {
                "trainingJobOverrides": {
                    "AlgorithmSpecification": {"MetricDefinitions": [{"Regex": "(x)"}]}
                }
            },
            r"MetricDefinitions\[0\] needs Name",
        ),
        ({"metricDefinitions": {"m": "("}}, "has no pattern in 'm'"),
        ({"metricDefinitions": {"m": "(a)(b)"}}, "must have one group"),
        ({"modelOverrides": {"Tag": []}}, "modelOverrides: Tag is no member of CreateModel"),
        ({"endpointOverrides": {"Tags": 1}}, "endpointOverrides: Tags must be a list"),
        (
            {"trainingJobOverrides": {"EnableManagedSpotTraining": True}},
            "needs maxWaitTimeInSeconds",
        ),
    ],
)
def test_what_cannot_work_is_said_before_anything_starts(
    given: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        check_training(_settings(**given))


@pytest.mark.parametrize(
    "given",
    [
        SPOT,
        {"subnets": ["subnet-1"], "securityGroupIds": ("sg-1",)},
        {"trainingJobOverrides": {"VpcConfig": {"Subnets": ["s-1"], "SecurityGroupIds": ["g-1"]}}},
        # What the parameters say is undone by the overrides.
        {**SPOT, "trainingJobOverrides": {"StoppingCondition": {"MaxRuntimeInSeconds": 60}}},
        {"subnets": ["subnet-1"], "trainingJobOverrides": {"VpcConfig": None}},
    ],
)
def test_what_can_work_passes(given: dict[str, Any]) -> None:
    check_training(_settings(**given))


def test_all_problems_are_named_at_once() -> None:
    wrong = {"environment": 1, "maximumRetryAttempts": 99, "trainingJobOverrides": {"X": 1}}
    with pytest.raises(ConfigurationError) as caught:
        check_training(_settings(**wrong, trainingInstanceVolumeSizeInGB=0))
    assert len(re.findall("; ", str(caught.value))) == 3


def test_a_models_own_parameters_are_checked_as_well() -> None:
    model = SageMakerModel(endpointKmsKeyId="a key", modelOverrides={"Tag": 1})
    with pytest.raises(ConfigurationError, match=r"endpointKmsKeyId: .*; modelOverrides: Tag"):
        check_hosting(model._settings)


@pytest.mark.parametrize("row", TRAINING, ids=lambda row: row.name)
def test_a_parameter_is_a_keyword_and_a_property_and_goes_where_its_row_says(row: Any) -> None:
    for stage in (SageMakerEstimator, XGBoostSageMakerEstimator):
        parameter = inspect.signature(stage).parameters[row.name]
        assert parameter.kind is parameter.KEYWORD_ONLY
        assert row.doc in getattr(stage, row.name).__doc__
    assert (row.name in inspect.signature(SageMakerModel).parameters) == row.hosting
    for operation, member in row.members.items():
        part: Any = None
        for name in reversed(member.split(".")):
            part = {name: part}
        assert request_problems(operation, part, partial=True) == []


def test_no_hyperparameter_has_a_parameters_name() -> None:
    assert not {row.name for row in TRAINING} & {row.name for row in XGBOOST.hyperparameters}


def test_parameters_fill_the_request_and_overrides_have_the_last_word() -> None:
    settings = _settings(
        tags={"team": "spam"},
        metricDefinitions={"mine": "x=(.*)"},
        keepAlivePeriodInSeconds=60,
        subnets=["subnet-1"],
        securityGroupIds=["sg-1"],
        trainingJobOverrides={
            "ResourceConfig": {"KeepAlivePeriodInSeconds": 120},
            "Tags": [{"Key": "team", "Value": "ham"}],
            "ProfilerConfig": {"DisableProfiler": True},
            "StoppingCondition": None,
        },
    )
    base = {"StoppingCondition": {"MaxRuntimeInSeconds": 1}, "ResourceConfig": {"InstanceCount": 1}}
    assert completed("CreateTrainingJob", base, settings) == {
        "ResourceConfig": {"InstanceCount": 1, "KeepAlivePeriodInSeconds": 120},
        "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        "Tags": [{"Key": "team", "Value": "ham"}],
        "AlgorithmSpecification": {"MetricDefinitions": [{"Name": "mine", "Regex": "x=(.*)"}]},
        "ProfilerConfig": {"DisableProfiler": True},
    }
    assert completed("CreateEndpoint", {}, settings) == {"Tags": [{"Key": "team", "Value": "spam"}]}


@pytest.mark.parametrize("stage", [SageMakerEstimator, XGBoostSageMakerEstimator, SageMakerModel])
def test_an_unknown_keyword_is_refused_with_near_matches(stage: Any) -> None:
    needed = {"trainingImage": "i", "modelImage": "i"} if stage is SageMakerEstimator else {}
    if stage is not SageMakerModel:
        needed |= {"trainingInstanceType": "ml.m5.large", "trainingInstanceCount": 1}
    with pytest.raises(TypeError, match=rf"{stage.__name__} has no argument.*'subnet'.*`subnets`"):
        stage(**needed, subnet=["subnet-1"])


def test_every_operations_overrides_are_a_parameter() -> None:
    names = {row.name for row in TRAINING}
    assert set(OVERRIDES.values()) <= names
    assert {row.name for row in HOSTING} >= set(OVERRIDES.values()) - {"trainingJobOverrides"}


_OF = {
    "CreateTrainingJob": "the job",
    "CreateModel": "the model",
    "CreateEndpointConfig": "the endpoint config",
    "CreateEndpoint": "the endpoint",
}


def test_the_page_lists_every_parameter_and_where_it_goes() -> None:
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    cells = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    listed = {name.strip("| `"): goes.rstrip("| ") for name, *_, goes in cells}
    assert [name for name in listed if name in {row.name for row in TRAINING}] == [
        row.name for row in TRAINING
    ]
    for row in TRAINING:
        for operation, member in row.members.items():
            assert f"`{member}` of " in listed[row.name]
            assert _OF[operation] in listed[row.name]
    for operation, name in OVERRIDES.items():
        assert listed[name] == f"all of {operation}"
