from __future__ import annotations

from typing import Any

import pytest

from sparkml_sm.aws.shapes import merged, request_problems

JOB = "CreateTrainingJob"
WHOLE: dict[str, Any] = {
    "TrainingJobName": "job",
    "RoleArn": "arn:aws:iam::123456789012:role/r",
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
}


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        (
            {"VpcConfg": {}},
            "VpcConfg is no member of CreateTrainingJob; did you mean `VpcConfig`?",
        ),
        ({"Nothing": 1}, "Nothing is no member of CreateTrainingJob: botocore 1"),
        (
            {"VpcConfig": {"Subnet": []}},
            "VpcConfig.Subnet is no member of VpcConfig; did you mean `Subnets`?",
        ),
        ({"VpcConfig": ["subnet-1"]}, "VpcConfig must be a dict, got ['subnet-1']"),
        ({"VpcConfig": {"Subnets": "subnet-1"}}, "VpcConfig.Subnets must be a list, got"),
        ({"VpcConfig": {"Subnets": ["a b"]}}, "VpcConfig.Subnets[0] must match [-0-9a-zA-Z]+, got"),
        ({"VpcConfig": {"Subnets": []}}, "VpcConfig.Subnets must have at least 1 entries, got []"),
        (
            {"RetryStrategy": {"MaximumRetryAttempts": 31}},
            "RetryStrategy.MaximumRetryAttempts must be at most 30, got 31",
        ),
        (
            {"RetryStrategy": {"MaximumRetryAttempts": True}},
            "RetryStrategy.MaximumRetryAttempts must be an int, got True",
        ),
        ({"EnableNetworkIsolation": 1}, "EnableNetworkIsolation must be True or False, got 1"),
        (
            {"AlgorithmSpecification": {"TrainingInputMode": "Fast"}},
            "TrainingInputMode must be one of Pipe, File, FastFile, got 'Fast'",
        ),
        (
            {"ResourceConfig": {"InstanceType": "m5.large"}},
            "InstanceType must be an instance type; did you mean",
        ),
        ({"Environment": {"A": "x" * 513}}, "Environment['A'] must have at most 512 characters"),
        ({"Environment": {"1A": "x"}}, "Environment key must match"),
        ({"Tags": [{"Key": "a&b", "Value": ""}]}, "Tags[0].Key must match"),
        ({"Tags": [{"Value": "x"}]}, "Tags[0] needs Key, which names it"),
        (
            {"InputDataConfig": [{"ChannelName": "a/b"}]},
            "InputDataConfig[0].ChannelName must match",
        ),
    ],
)
def test_what_the_model_refuses_is_said_with_its_place(part: dict[str, Any], problem: str) -> None:
    [found] = request_problems(JOB, part, partial=True)
    assert problem in found


@pytest.mark.parametrize(
    "part",
    [
        {"ResourceConfig": {"InstanceType": "ml.q9z.large"}},  # AWS may have added it since
        {"Tags": [{"Key": "Größe: 1/2", "Value": "mit Leerzeichen"}]},
        {"StoppingCondition": {"MaxWaitTimeInSeconds": None}},
        {"OutputDataConfig": {"KmsKeyId": "alias/mine"}},  # a required member is left out
    ],
)
def test_what_the_service_takes_passes(part: dict[str, Any]) -> None:
    assert request_problems(JOB, part, partial=True) == []


def test_a_whole_request_needs_its_members() -> None:
    assert request_problems(JOB, WHOLE) == []
    lacking = WHOLE | {"OutputDataConfig": {}}
    assert request_problems(JOB, lacking) == ["OutputDataConfig.S3OutputPath is required"]


def test_all_problems_are_found_at_once() -> None:
    part = {"Environment": {"A": 1}, "RoleArn": "R", "TrainingJobName": "a b"}
    assert len(request_problems(JOB, part, partial=True)) == 3


def test_changes_are_merged_member_by_member_and_lists_by_name() -> None:
    request = {
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
        "VpcConfig": {"Subnets": ["s1", "s2"], "SecurityGroupIds": ["g"]},
        "InputDataConfig": [{"ChannelName": "train", "ContentType": "text/csv"}],
        "Environment": {"A": "1"},
    }
    changes = {
        "Tags": [{"Key": "b", "Value": "3"}, {"Key": "c", "Value": "4"}],
        "VpcConfig": {"Subnets": ["s3"]},
        "InputDataConfig": [{"ChannelName": "train", "ShuffleConfig": {"Seed": 1}}],
        "Environment": None,
        "RetryStrategy": {"MaximumRetryAttempts": 2},
    }
    before = repr(request)
    assert merged(request, changes) == {
        "Tags": [
            {"Key": "a", "Value": "1"},
            {"Key": "b", "Value": "3"},
            {"Key": "c", "Value": "4"},
        ],
        "VpcConfig": {"Subnets": ["s3"], "SecurityGroupIds": ["g"]},
        "InputDataConfig": [
            {"ChannelName": "train", "ContentType": "text/csv", "ShuffleConfig": {"Seed": 1}}
        ],
        "RetryStrategy": {"MaximumRetryAttempts": 2},
    }
    assert repr(request) == before
