"""The CreateTrainingJob request, as a function of what was set and what was staged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sparkml_sm.staging.staged import StagedDataset

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
        The rows are staged as this.
    channel : str
    content_type : str or None
        None sends none: first-party algorithms recognise RecordIO by themselves.
    output : str
        S3 URI below which SageMaker writes.
    """

    job: str
    image: str
    role: str
    hyperparameters: Mapping[str, str]
    format: str
    channel: str
    content_type: str | None
    output: str


def training_request(
    plan: TrainingPlan, settings: Mapping[str, Any], staged: StagedDataset
) -> dict[str, Any]:
    """Return the CreateTrainingJob request.

    Parameters
    ----------
    plan : TrainingPlan
    settings : mapping
        The estimator's service arguments by name.
    staged : StagedDataset

    Returns
    -------
    dict
        What is not set is absent.
    """
    request: dict[str, Any] = {
        "TrainingJobName": plan.job,
        "AlgorithmSpecification": {
            "TrainingImage": plan.image,
            "TrainingInputMode": settings["trainingInputMode"],
        },
        "RoleArn": plan.role,
        "InputDataConfig": [_channel(plan, settings, staged)],
        "OutputDataConfig": {
            "S3OutputPath": plan.output,
            **_given(KmsKeyId=settings["trainingKmsKeyId"]),
        },
        "ResourceConfig": {
            "InstanceType": settings["trainingInstanceType"],
            "InstanceCount": settings["trainingInstanceCount"],
            "VolumeSizeInGB": settings["trainingInstanceVolumeSizeInGB"],
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": settings["trainingMaxRuntimeInSeconds"]},
    }
    if plan.hyperparameters:
        request["HyperParameters"] = dict(plan.hyperparameters)
    return request


def _channel(
    plan: TrainingPlan, settings: Mapping[str, Any], staged: StagedDataset
) -> dict[str, Any]:
    # FastFile mounts a prefix and knows no manifest; the prefix holds exactly the staged files.
    by_prefix = settings["trainingInputMode"] == "FastFile"
    source = {
        "S3DataType": "S3Prefix" if by_prefix else "ManifestFile",
        "S3Uri": staged.uri if by_prefix else staged.manifest,
        "S3DataDistributionType": settings["trainingS3DataDistribution"],
    }
    return {
        "ChannelName": plan.channel,
        "DataSource": {"S3DataSource": source},
        **_given(
            ContentType=plan.content_type, CompressionType=settings["trainingCompressionCodec"]
        ),
    }


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
