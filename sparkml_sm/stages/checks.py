"""Service values, checked together before anything is written or billed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sparkml_sm.aws.paths import S3DataPath, S3Resource
from sparkml_sm.aws.shapes import request_problems
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.stages.channels import as_channel
from sparkml_sm.stages.roles import check_role
from sparkml_sm.stages.service import (
    HOSTING,
    OVERRIDES,
    TRAINING,
    ServiceParameter,
    completed,
)

__all__ = ["check_hosting", "check_training"]

_INSTANCE_TYPE = re.compile(r"ml\.[a-z][a-z0-9-]*\.[a-z0-9-]+")
_FORMATS = ("sagemaker", "recordio", "libsvm", "csv", "parquet")
_MAX_RUNTIME = 28 * 24 * 3600
_MAX_VOLUME = 16384
_VPC = ("subnets", "securityGroupIds")
# Members that more follows from than the request they stand in, and what to set instead.
_NOT_BY_OVERRIDE = {
    "CreateTrainingJob": {
        "AlgorithmSpecification.TrainingInputMode": "trainingInputMode",
        "CheckpointConfig.S3Uri": "checkpointS3Uri",
        "HyperParameters": "the hyperparameters of the estimator",
        "ResourceConfig.InstanceCount": "trainingInstanceCount",
        "TrainingJobName": "namePolicyFactory",
    },
    "CreateModel": {"ModelName": "namePolicyFactory"},
    "CreateEndpointConfig": {"EndpointConfigName": "namePolicyFactory"},
    "CreateEndpoint": {"EndpointName": "namePolicyFactory"},
}

Check = Callable[[Any], str | None]


def check_training(settings: Mapping[str, Any]) -> None:
    """Raise one `ConfigurationError` that lists every training argument that cannot work."""
    problems = [
        *_problems(settings, _TRAINING),
        *_service_problems(settings, TRAINING),
        *_override_problems(settings),
    ]
    _raise(problems or list(_joint_problems(_job_settings(settings))))


def check_hosting(settings: Mapping[str, Any]) -> None:
    """Raise one `ConfigurationError` that lists every hosting argument that cannot work."""
    _raise(
        [
            *_problems(settings, _HOSTING),
            *_service_problems(settings, HOSTING),
            *_override_problems(settings),
        ]
    )


def _raise(problems: list[str]) -> None:
    if problems:
        raise ConfigurationError("; ".join(problems))


def _problems(settings: Mapping[str, Any], table: Mapping[str, Check]) -> Iterator[str]:
    for name, check in table.items():
        if name in settings:
            problem = check(settings[name])
            if problem:
                yield f"{name}={settings[name]!r} {problem}"


def _service_problems(
    settings: Mapping[str, Any], rows: tuple[ServiceParameter, ...]
) -> Iterator[str]:
    for row in rows:
        value = settings.get(row.name)
        problem = _texts(value) if row.pairs and value is not None else None
        if problem:
            yield f"{row.name}={value!r} {problem}"
            continue
        # A member of several requests has one shape.
        for operation in list(row.members)[:1]:
            part = row.request(operation, value)
            for found in request_problems(operation, part, partial=True):
                yield f"{row.name}: {found}"


def _override_problems(settings: Mapping[str, Any]) -> Iterator[str]:
    for operation, name in OVERRIDES.items():
        changes = settings.get(name)
        if changes is None:
            continue
        if not isinstance(changes, Mapping):
            yield f"{name}={changes!r} must be a dict of members of {operation}"
            continue
        for found in request_problems(operation, changes, partial=True):
            yield f"{name}: {found}"
        for member, instead in _NOT_BY_OVERRIDE[operation].items():
            if _has(changes, member):
                yield f"{name}: {member} is no override: set {instead}"


def _has(changes: Mapping[str, Any], member: str) -> bool:
    name, _, inner = member.partition(".")
    if not inner:
        return name in changes
    return isinstance(changes.get(name), Mapping) and _has(changes[name], inner)


def _job_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what will be asked for, as far as its parts depend on each other."""
    job: dict[str, Any] = {
        "StoppingCondition": {"MaxRuntimeInSeconds": settings.get("trainingMaxRuntimeInSeconds")}
    }
    return completed("CreateTrainingJob", job, settings)


def _joint_problems(job: Mapping[str, Any]) -> Iterator[str]:
    """Yield what members of a CreateTrainingJob request demand of each other (API reference)."""
    stopping = job.get("StoppingCondition", {})
    wait, runtime = stopping.get("MaxWaitTimeInSeconds"), stopping.get("MaxRuntimeInSeconds")
    if job.get("EnableManagedSpotTraining"):
        if wait is None or (runtime is not None and wait < runtime):
            yield (
                f"useSpotInstances needs maxWaitTimeInSeconds of at least {runtime}, which is "
                f"trainingMaxRuntimeInSeconds, got {wait}: it includes the time of training"
            )
        if job.get("ResourceConfig", {}).get("KeepAlivePeriodInSeconds"):
            yield "useSpotInstances and keepAlivePeriodInSeconds exclude each other"
    elif wait is not None:
        yield "maxWaitTimeInSeconds is for spot jobs: set useSpotInstances=True, or leave it out"
    network = job.get("VpcConfig")
    if network is not None and len(network) < len(_VPC):
        yield f"{' and '.join(_VPC)} go together: a VPC needs both"
    if "S3Uri" not in job.get("CheckpointConfig", {"S3Uri": ""}):
        yield "checkpointLocalPath needs checkpointS3Uri, which checkpoints are copied to"


def _instance_type(value: Any) -> str | None:
    if isinstance(value, str) and _INSTANCE_TYPE.fullmatch(value):
        return None
    near = f": did you mean 'ml.{value}'?" if _INSTANCE_TYPE.fullmatch(f"ml.{value}") else ""
    return f"is no SageMaker instance type, such as 'ml.m5.large'{near}"


def _whole(low: int, high: int) -> Check:
    def check(value: Any) -> str | None:
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return None if fits else f"must be a whole number from {low} to {high}"

    return check


def _one_of(*names: str) -> Check:
    def check(value: Any) -> str | None:
        if value in names:
            return None
        near = difflib.get_close_matches(str(value), names, n=1)
        return f"must be one of {', '.join(names)}" + (
            f": did you mean {near[0]!r}?" if near else ""
        )

    return check


def _optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _place(value: Any) -> str | None:
    return None if isinstance(value, S3Resource) else "must be an S3DataPath or S3AutoCreatePath"


def _artifact(value: Any) -> str | None:
    fits = isinstance(value, S3DataPath)
    return None if fits else "must be an S3DataPath, such as S3DataPath.fromS3URI('s3://...')"


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value else "must be a text that is not empty"


def _texts(value: Any) -> str | None:
    fits = isinstance(value, Mapping) and all(
        isinstance(key, str) and isinstance(text, str) for key, text in value.items()
    )
    return None if fits else "must be a dict of str to str"


def _key(value: Any) -> str | None:
    part = {"OutputDataConfig": {"KmsKeyId": value}}
    problems = request_problems("CreateTrainingJob", part, partial=True)
    return problems[0].partition(" ")[2] if problems else None


def _metrics(value: Any) -> str | None:
    for name, pattern in value.items() if isinstance(value, Mapping) else ():
        try:
            groups = re.compile(pattern).groups
        except (re.error, TypeError) as error:
            return f"has no pattern in {name!r}: {error}"
        if groups != 1:
            return f"must have one group, the metric's value, in the pattern of {name!r}"
    return None


def _channels(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return "must be a dict of channel name to a DataFrame, an S3 URI or a Channel"
    problems = []
    for name, found in value.items():
        channel = as_channel(found)
        if not (isinstance(channel.data, str) or hasattr(channel.data, "mapInArrow")):
            problems.append(f"{name!r} is a {type(channel.data).__name__}, no DataFrame or URI")
        problems += request_problems(
            "CreateTrainingJob", {"InputDataConfig": [channel.part(name)]}, partial=True
        )
    return "; ".join(problems) or None


_HOSTING: Mapping[str, Check] = {
    "endpointInstanceType": _optional(_instance_type),
    "endpointInitialInstanceCount": _optional(_whole(1, 10_000)),
    "modelEnvironmentVariables": _optional(_texts),
    "modelImage": _optional(_text),
    "modelPath": _optional(_artifact),
    "modelExecutionRoleARN": _optional(check_role),
}
_TRAINING: Mapping[str, Check] = {
    "trainingInstanceType": _instance_type,
    "trainingInstanceCount": _whole(1, 10_000),
    "trainingInstanceVolumeSizeInGB": _whole(1, _MAX_VOLUME),
    "trainingInputS3DataPath": _place,
    "trainingOutputS3DataPath": _place,
    "trainingSparkDataFormat": _one_of(*_FORMATS),
    "trainingS3DataDistribution": _one_of("ShardedByS3Key", "FullyReplicated"),
    "trainingInputMode": _one_of("File", "FastFile", "Pipe"),
    "trainingCompressionCodec": _optional(_one_of("None", "Gzip")),
    "trainingMaxRuntimeInSeconds": _whole(1, _MAX_RUNTIME),
    "weightCol": _optional(_text),
    "validationIndicatorCol": _optional(_text),
    "inputKmsKeyId": _optional(_key),
    "channels": _optional(_channels),
    "metricDefinitions": _metrics,
    "imageVersion": _text,
    **_HOSTING,
}
