"""A training job's record, moved along its lifecycle."""

from __future__ import annotations

import math
import threading
from copy import deepcopy
from typing import Any

from sparkml_sm.local.faults import validation
from sparkml_sm.local.lifecycle import TRAINING_JOB
from sparkml_sm.local.store import now

__all__ = ["StoppedError", "TrainingJob"]


#: A spot job is billed for less than it took; how much less changes by the hour, and not here.
_SPOT_SHARE = 0.3


class StoppedError(Exception):
    """StopTrainingJob came before the container ran."""


class TrainingJob:
    """The record of a job, moved along its lifecycle.

    Parameters
    ----------
    record : dict
        What DescribeTrainingJob answers, but for what the lifecycle adds.
    """

    def __init__(self, record: dict[str, Any]) -> None:
        self._record = record
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self._move("Starting")

    @property
    def name(self) -> str:
        """The job's name."""
        return str(self._record["TrainingJobName"])

    def describe(self) -> dict[str, Any]:
        """Return a copy of the record."""
        with self._lock:
            return deepcopy(self._record)

    def move(self, secondary: str, **members: Any) -> None:
        """Go to a state; once the job is to stop, the only way on is to its end."""
        with self._lock:
            if self._record["SecondaryStatus"] == "Stopping" and not TRAINING_JOB.ended(secondary):
                raise StoppedError
            self._move(secondary, **members)

    def stop(self) -> None:
        """Ask the job to stop."""
        with self._lock:
            current = self._record["SecondaryStatus"]
            if TRAINING_JOB.ended(current):
                status = self._record["TrainingJobStatus"]
                raise validation(
                    f"The request was rejected because the training job is in status {status}."
                )
            if current != "Stopping":
                self._move("Stopping")
        self.stopping.set()

    def metric(self, name: str, value: float) -> None:
        """Note the newest value of a metric."""
        with self._lock:
            metrics = self._record.setdefault("FinalMetricDataList", [])
            metrics[:] = [metric for metric in metrics if metric["MetricName"] != name]
            metrics.append({"MetricName": name, "Value": value, "Timestamp": now()})

    def _move(self, secondary: str, **members: Any) -> None:
        record, time_ = self._record, now()
        state = TRAINING_JOB.step(record.get("SecondaryStatus"), secondary)
        history = record.setdefault("SecondaryStatusTransitions", [])
        if history:
            history[-1]["EndTime"] = time_
        message = members.get("FailureReason", state.message)
        history.append({"Status": secondary, "StartTime": time_, "StatusMessage": message})
        record |= {
            "SecondaryStatus": secondary,
            "TrainingJobStatus": state.status,
            "LastModifiedTime": time_,
            **members,
        }
        if secondary == "Downloading":
            record["TrainingStartTime"] = time_
        if TRAINING_JOB.ended(secondary):
            history[-1]["EndTime"] = record["TrainingEndTime"] = time_
            if "TrainingStartTime" in record:
                lasted = (time_ - record["TrainingStartTime"]).total_seconds()
                seconds = max(1, math.ceil(lasted))
                billed = _SPOT_SHARE if record.get("EnableManagedSpotTraining") else 1.0
                record |= {
                    "TrainingTimeInSeconds": seconds,
                    "BillableTimeInSeconds": math.ceil(seconds * billed),
                }
