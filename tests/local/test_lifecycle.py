from __future__ import annotations

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from sparkml_sm.local.lifecycle import ENDPOINT, TRAINING_JOB, TRANSFORM_JOB, Lifecycle

MODEL = ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")


@pytest.mark.parametrize(
    ("lifecycle", "states", "statuses"),
    [
        (TRAINING_JOB, "SecondaryStatus", "TrainingJobStatus"),
        (TRANSFORM_JOB, "TransformJobStatus", "TransformJobStatus"),
        (ENDPOINT, "EndpointStatus", "EndpointStatus"),
    ],
)
def test_a_table_is_closed_and_speaks_aws(lifecycle: Lifecycle, states: str, statuses: str) -> None:
    assert set(lifecycle.states) <= set(MODEL.shape_for(states).enum)
    for state in lifecycle.states.values():
        assert state.status in MODEL.shape_for(statuses).enum
        assert state.following <= set(lifecycle.states)


def test_a_step_that_the_table_does_not_have() -> None:
    assert TRAINING_JOB.step("Training", "Uploading").status == "InProgress"
    with pytest.raises(ValueError, match="no step from Completed to Training"):
        TRAINING_JOB.step("Completed", "Training")
