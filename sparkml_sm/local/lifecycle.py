"""The states of jobs and endpoints, as tables: what a client sees in each, and which may follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["ENDPOINT", "TRAINING_JOB", "TRANSFORM_JOB", "Lifecycle", "State"]


@dataclass(frozen=True, slots=True)
class State:
    """One state.

    Attributes
    ----------
    status : str
        The resource's status while in it.
    following : frozenset of str
        The states that may come next; none where it is the last.
    message : str
        What AWS says of it, where it says something.
    """

    status: str
    following: frozenset[str]
    message: str = ""


class Lifecycle:
    """A table of states.

    Examples
    --------
    >>> ENDPOINT.step("Creating", "InService").status
    'InService'
    >>> ENDPOINT.ended("Deleting")
    True
    """

    def __init__(self, states: Mapping[str, State]) -> None:
        self.states = MappingProxyType(dict(states))

    def step(self, current: str | None, following: str) -> State:
        """Return the state that follows.

        Raises
        ------
        ValueError
            The table has no such step.
        """
        if current is not None and following not in self.states[current].following:
            raise ValueError(f"no step from {current} to {following}")
        return self.states[following]

    def ended(self, current: str) -> bool:
        """Whether nothing follows."""
        return not self.states[current].following


def _state(status: str, following: str = "", message: str = "") -> State:
    return State(status, frozenset(following.split()), message)


#: SecondaryStatus -> TrainingJobStatus, next, StatusMessage.
TRAINING_JOB = Lifecycle(
    {
        "Starting": _state(
            "InProgress", "Downloading Stopping Failed", "Preparing the instances for training"
        ),
        "Downloading": _state("InProgress", "Training Stopping Failed", "Downloading input data"),
        "Training": _state(
            "InProgress",
            "Uploading Stopping Failed",
            "Training image download completed. Training in progress.",
        ),
        "Uploading": _state(
            "InProgress",
            "Completed MaxRuntimeExceeded Stopping Failed",
            "Uploading generated training model",
        ),
        "Stopping": _state("Stopping", "Stopped Failed", "Stopping the training job"),
        "Completed": _state("Completed", message="Training job completed"),
        "Stopped": _state("Stopped", message="Training job stopped"),
        "MaxRuntimeExceeded": _state(
            "Stopped", message="Training job runtime exceeded MaxRuntimeInSeconds provided"
        ),
        "Failed": _state("Failed", message="Training job failed"),
    }
)

TRANSFORM_JOB = Lifecycle(
    {
        "InProgress": _state("InProgress", "Completed Failed Stopping"),
        "Stopping": _state("Stopping", "Stopped Failed"),
        "Completed": _state("Completed"),
        "Failed": _state("Failed"),
        "Stopped": _state("Stopped"),
    }
)

ENDPOINT = Lifecycle(
    {
        "Creating": _state("Creating", "InService Failed Deleting"),
        "InService": _state("InService", "Updating Deleting"),
        "Updating": _state("Updating", "InService Deleting"),
        "Failed": _state("Failed", "Deleting"),
        "Deleting": _state("Deleting"),
    }
)
