from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from sparkml_sm.local.validation import check_input, check_output, compile_pattern

SERVICES = ["sagemaker", "sagemaker-runtime", "sts", "logs"]


def model(service: str) -> Any:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@pytest.mark.parametrize("service", SERVICES)
def test_every_pattern_of_the_model_compiles(service: str) -> None:
    shapes = model(service)
    patterns = {
        shapes.shape_for(name).metadata["pattern"]
        for name in shapes.shape_names
        if "pattern" in shapes.shape_for(name).metadata
    }
    for pattern in patterns:
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Zürich 名 1", "a;b"),
        (r"\p{ASCII}*", "text/csv", "é"),
        (r"\A\S[\p{Print}]*\z", "a b", " a"),
        (r"\w+", "abc", "é"),
        ("^a$", "a", "a\n"),
    ],
)
def test_patterns_mean_what_they_mean_in_java(pattern: str, good: str, bad: str) -> None:
    assert compile_pattern(pattern).fullmatch(good)
    assert not compile_pattern(pattern).fullmatch(bad)


@pytest.mark.parametrize(
    ("operation", "changes", "expected"),
    [
        (
            "ListModels",
            {"MaxResults": 101},
            "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less "
            "than or equal to 100",
        ),
        (
            "ListModels",
            {"MaxResults": 0},
            "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value "
            "greater than or equal to 1",
        ),
        (
            "AddTags",
            {
                "ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:m/m",
                "Tags": [{"Key": "", "Value": ""}],
            },
            "Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length "
            "greater than or equal to 1",
        ),
    ],
)
def test_messages(operation: str, changes: dict[str, Any], expected: str) -> None:
    shape = model("sagemaker").operation_model(operation).input_shape
    found = check_input(shape, changes)
    assert found is not None
    assert found.startswith("1 validation error detected: ")
    assert expected in found


def test_values_of_maps_are_checked() -> None:
    shape = model("sagemaker").operation_model("CreateTrainingJob").input_shape
    found = check_input(
        shape,
        {
            "TrainingJobName": "a",
            "RoleArn": "arn:aws:iam::123456789012:role/r",
            "OutputDataConfig": {"S3OutputPath": "s3://b/"},
            "HyperParameters": {"a": "x" * 2501},
        },
    )
    assert found is not None
    assert "at 'hyperParameters' failed to satisfy constraint: Map value must satisfy" in found


GOOD = {"TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/a"}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (GOOD, None),
        ({}, "must not be null"),
        (GOOD | {"Other": 1}, "is no member"),
        ({"TrainingJobArn": 1}, "is a int, not a string"),
        ({"TrainingJobArn": "x"}, "regular expression"),
    ],
)
def test_answers_are_checked(answer: dict[str, Any], fault: str | None) -> None:
    shape = model("sagemaker").operation_model("CreateTrainingJob").output_shape
    faults = check_output(shape, answer)
    assert bool(faults) == (fault is not None)
    assert fault is None or fault in faults[0]


@pytest.mark.parametrize("empty", [{}, None])
def test_an_unset_member_must_be_absent_from_answers(empty: Any) -> None:
    shape = model("sagemaker").operation_model("DescribeModel").output_shape
    answer = {
        "ModelName": "m",
        "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m",
        "CreationTime": datetime.now(UTC),
    }
    assert check_output(shape, answer) == []
    faults = check_output(shape, answer | {"VpcConfig": empty})
    assert any("must be absent" in fault for fault in faults)
