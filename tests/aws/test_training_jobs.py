from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sparkml_sm.aws.training_jobs import JobLog, model_artifact, wait_for_training_job
from sparkml_sm.errors import TrainingJobError


class Client:
    """Answers DescribeTrainingJob from a list, as a job goes by."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self._answers: Iterator[dict[str, Any]] = iter(answers)

    def describe_training_job(self, **_: str) -> dict[str, Any]:
        return next(self._answers)


@pytest.fixture
def unreachable() -> JobLog:
    """A log in a network that CloudWatch cannot be reached from."""
    client = boto3.client(
        "logs",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="k",
        aws_secret_access_key="s",
        config=Config(retries={"total_max_attempts": 1}),
    )
    return JobLog(client, "job")


ENDED = {"SecondaryStatus": "x", "TrainingJobStatus": "Completed"}


def test_a_log_that_cannot_be_read_costs_nobody_a_model(unreachable: JobLog) -> None:
    lines: list[str] = []
    answer = wait_for_training_job(Client(ENDED), unreachable, "job", lines.append)
    assert answer == ENDED
    assert lines == ["training job job: Completed (x)"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            {"TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError: x"},
            "AlgorithmError: x",
        ),
        ({"TrainingJobStatus": "Stopped", "SecondaryStatus": "MaxRuntimeExceeded"}, "MaxRuntime"),
        ({"TrainingJobStatus": "Failed"}, "no reason given"),
    ],
)
def test_a_job_without_a_model_gives_its_reason(
    unreachable: JobLog, answer: dict[str, Any], message: str
) -> None:
    with pytest.raises(TrainingJobError, match=f"training job job .*: {message}"):
        wait_for_training_job(Client(answer), unreachable, "job", lambda _: None)


def test_a_job_that_was_stopped_and_left_a_model_has_one(unreachable: JobLog) -> None:
    answer = {"TrainingJobStatus": "Stopped", "ModelArtifacts": {"S3ModelArtifacts": "s3://b/m"}}
    assert wait_for_training_job(Client(answer), unreachable, "job", lambda _: None) == answer


@pytest.mark.parametrize("status", ["Completed", "Stopped"])
def test_a_job_that_has_ended_with_a_model_gives_its_place(status: str) -> None:
    answer = {"TrainingJobStatus": status, "ModelArtifacts": {"S3ModelArtifacts": "s3://b/m"}}
    assert model_artifact(Client(answer), "job") == "s3://b/m"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"TrainingJobStatus": "InProgress"}, "training job job is InProgress: wait until"),
        ({"TrainingJobStatus": "Stopping"}, "training job job is Stopping: wait until"),
        ({"TrainingJobStatus": "Failed", "FailureReason": "x"}, "training job job failed: x$"),
        (
            {"TrainingJobStatus": "Stopped", "SecondaryStatus": "Stopped"},
            "training job job stopped: Stopped$",
        ),
    ],
)
def test_a_job_without_a_model_cannot_be_made_one(answer: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingJobError, match=message):
        model_artifact(Client(answer), "job")
