"""The CreateTrainingJob request, as a function of what was set and what was staged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sparkml_sm.aws.shapes import request_problems
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.stages.channels import JobChannels
from sparkml_sm.stages.service import completed

__all__ = ["TrainingPlan", "training_request"]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """A fit, fully decided and checked, before anything is written or billed.

    Attributes
    ----------
    job : str
        The training job's name.
    image, role : str
    hyperparameters : mapping of str to str
    format : str
        Rows are staged as this.
    output : str
        S3 URI below which SageMaker writes.
    """

    job: str
    image: str
    role: str
    hyperparameters: Mapping[str, str]
    format: str
    output: str


def training_request(
    plan: TrainingPlan, settings: Mapping[str, Any], channels: JobChannels
) -> dict[str, Any]:
    """Return the CreateTrainingJob request, checked against botocore's model of it.

    Parameters
    ----------
    plan : TrainingPlan
    settings : mapping
        The estimator's service arguments by name.
    channels : JobChannels
        Before their rows are staged, the request names the places that they will be staged below.

    Returns
    -------
    dict
        What is not set is absent.

    Raises
    ------
    ConfigurationError
        If SageMaker would refuse it; all problems are named at once.
    """
    mode = settings["trainingInputMode"]
    request: dict[str, Any] = {
        "TrainingJobName": plan.job,
        "AlgorithmSpecification": {"TrainingImage": plan.image, "TrainingInputMode": mode},
        "RoleArn": plan.role,
        "InputDataConfig": channels.request(mode),
        "OutputDataConfig": {"S3OutputPath": plan.output},
        "ResourceConfig": {
            "InstanceType": settings["trainingInstanceType"],
            "InstanceCount": settings["trainingInstanceCount"],
            "VolumeSizeInGB": settings["trainingInstanceVolumeSizeInGB"],
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": settings["trainingMaxRuntimeInSeconds"]},
    }
    if settings["trainingKmsKeyId"] is not None:
        request["OutputDataConfig"]["KmsKeyId"] = settings["trainingKmsKeyId"]
    if plan.hyperparameters:
        request["HyperParameters"] = dict(plan.hyperparameters)
    request = completed("CreateTrainingJob", request, settings)
    problems = request_problems("CreateTrainingJob", request)
    if problems:
        raise ConfigurationError(f"training job {plan.job} cannot run: {'; '.join(problems)}")
    return request
