"""What is told of a training job while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sparkml_sm.aws.training_jobs import run_training_job
from sparkml_sm.aws.waiting import Patience


class _Job:
    """A job and its log, one state and one line further with each look."""

    def __init__(self, *states: tuple[str, str]) -> None:
        self._states: Iterator[tuple[str, str]] = iter(states)
        self._lines: list[str] = []

    def create_training_job(self, **_: str) -> None:
        pass

    def describe_training_job(self, **_: str) -> dict[str, Any]:
        status, secondary = next(self._states)
        self._lines.append(f"line of {secondary}")
        return {"TrainingJobStatus": status, "SecondaryStatus": secondary}

    def describe_log_streams(self, **_: str) -> dict[str, Any]:
        return {"logStreams": [{"logStreamName": "job/algo-1"}]}

    def get_log_events(self, nextToken: str = "0", **_: Any) -> dict[str, Any]:
        events = [{"message": line} for line in self._lines[int(nextToken) :]]
        return {"events": events, "nextForwardToken": str(len(self._lines))}


def test_states_and_log_are_told_once_while_the_job_runs() -> None:
    job = _Job(
        ("InProgress", "Starting"),
        ("InProgress", "Training"),
        ("InProgress", "Training"),
        ("Completed", "Completed"),
    )
    told: list[str] = []
    request = {"TrainingJobName": "job"}
    run_training_job((job, job), request, told.append, Patience(interval=0.0))
    assert told == [
        "training job job: InProgress (Starting)",
        "| line of Starting",
        "training job job: InProgress (Training)",
        "| line of Training",
        "| line of Training",
        "training job job: Completed (Completed)",
        "| line of Completed",
    ]
