"""The keyword-only service parameters: one row each, from which all else follows.

A row gives the keyword of the constructors, the read-only property, the member of the requests that
it goes to, and so its check, which is botocore's own of that member.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sparkml_sm.aws.shapes import merged
from sparkml_sm.hyperparameters import near_matches
from sparkml_sm.stages.settings import setting

__all__ = [
    "HOSTING",
    "OVERRIDES",
    "TRAINING",
    "ServiceParameter",
    "completed",
    "refuse",
    "service_changes",
    "taken",
    "with_service",
]

Stage = TypeVar("Stage", bound=type)

# Operation -> the parameter whose dict is laid over its request.
OVERRIDES = {
    "CreateTrainingJob": "trainingJobOverrides",
    "CreateModel": "modelOverrides",
    "CreateEndpointConfig": "endpointConfigOverrides",
    "CreateEndpoint": "endpointOverrides",
}
_JOB, _MODEL, _CONFIG, _ENDPOINT = OVERRIDES


@dataclass(frozen=True, slots=True)
class ServiceParameter:
    """One keyword-only parameter of an estimator, and of a model where it concerns hosting.

    Attributes
    ----------
    name : str
        Camel case, by SageMaker's own name of the member; `useSpotInstances` is the Python SDK's.
    doc : str
        One sentence for people; ends without a full stop.
    members : mapping of str to str
        Operation to the member of its request, such as ``"VpcConfig.Subnets"``; empty where the
        parameter decides something else.
    pairs : (str, str) or None
        The value is a dict, sent as a list of objects with these two members.
    hosting : bool, default False
        Whether a model takes it as well.
    """

    name: str
    doc: str
    members: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[str, str] | None = None
    hosting: bool = False

    def request(self, operation: str, value: Any) -> dict[str, Any]:
        """Return the part of the operation's request that `value` is; empty where it is None."""
        member = self.members.get(operation)
        if member is None or value is None:
            return {}
        if self.pairs is not None:
            key, text = self.pairs
            value = [{key: name, text: each} for name, each in value.items()]
        elif isinstance(value, tuple):
            value = list(value)
        for name in reversed(member.split(".")):
            value = {name: value}
        part: dict[str, Any] = value
        return part


def _job(member: str) -> dict[str, str]:
    return {_JOB: member}


_Row = ServiceParameter

TRAINING: tuple[ServiceParameter, ...] = (
    # The rows of a fit
    _Row("weightCol", "Numeric column of row weights, for formats that carry them"),
    _Row(
        "validationIndicatorCol",
        "Boolean column: rows where it is true go to the channel `validation`, all others train",
    ),
    _Row(
        "channels",
        "Dict of channel name to more data: a DataFrame, the S3 URI of a prefix, or a `Channel`",
    ),
    _Row("inputKmsKeyId", "KMS key that encrypts the staged rows in S3 (SSE-KMS)"),
    # Network and encryption
    _Row(
        "subnets",
        "Subnets of the VPC in which the job and the endpoint run; needs securityGroupIds",
        {_JOB: "VpcConfig.Subnets", _MODEL: "VpcConfig.Subnets"},
        hosting=True,
    ),
    _Row(
        "securityGroupIds",
        "Security groups of that VPC; needs subnets",
        {_JOB: "VpcConfig.SecurityGroupIds", _MODEL: "VpcConfig.SecurityGroupIds"},
        hosting=True,
    ),
    _Row(
        "enableNetworkIsolation",
        "Whether containers have no network",
        {_JOB: "EnableNetworkIsolation", _MODEL: "EnableNetworkIsolation"},
        hosting=True,
    ),
    _Row(
        "enableInterContainerTrafficEncryption",
        "Whether the traffic between the instances of a job is encrypted",
        _job("EnableInterContainerTrafficEncryption"),
    ),
    _Row(
        "volumeKmsKeyId",
        "KMS key of the training instances' volumes",
        _job("ResourceConfig.VolumeKmsKeyId"),
    ),
    _Row(
        "endpointKmsKeyId",
        "KMS key of the endpoint instances' volumes",
        {_CONFIG: "KmsKeyId"},
        hosting=True,
    ),
    # Cost
    _Row(
        "tags",
        "Dict of key to value: tags of the job, the model, the endpoint config and the endpoint",
        dict.fromkeys(OVERRIDES, "Tags"),
        pairs=("Key", "Value"),
        hosting=True,
    ),
    _Row(
        "useSpotInstances",
        "Whether to train on spot instances; needs maxWaitTimeInSeconds",
        _job("EnableManagedSpotTraining"),
    ),
    _Row(
        "maxWaitTimeInSeconds",
        "Longest time that a spot job may wait and run; at least trainingMaxRuntimeInSeconds",
        _job("StoppingCondition.MaxWaitTimeInSeconds"),
    ),
    _Row(
        "checkpointS3Uri",
        "S3 URI that checkpoints are copied to, and restored from when a spot job resumes",
        _job("CheckpointConfig.S3Uri"),
    ),
    _Row(
        "checkpointLocalPath",
        "Folder in the container that checkpoints lie in; /opt/ml/checkpoints by default",
        _job("CheckpointConfig.LocalPath"),
    ),
    _Row(
        "keepAlivePeriodInSeconds",
        "How long the instances stay warm, and billed, for the next job",
        _job("ResourceConfig.KeepAlivePeriodInSeconds"),
    ),
    _Row(
        "maximumRetryAttempts",
        "How often SageMaker runs the job again after an error of its own",
        _job("RetryStrategy.MaximumRetryAttempts"),
    ),
    # The container
    _Row(
        "environment",
        "Dict of str to str: environment variables of the training container",
        _job("Environment"),
    ),
    _Row(
        "metricDefinitions",
        "Dict of metric name to the pattern that finds it in the log, its value in a group",
        _job("AlgorithmSpecification.MetricDefinitions"),
        pairs=("Name", "Regex"),
    ),
    # All else
    *(
        _Row(
            name,
            f"Dict that is laid over the {operation} request, member by member",
            hosting=operation != _JOB,
        )
        for operation, name in OVERRIDES.items()
    ),
)
HOSTING: tuple[ServiceParameter, ...] = tuple(row for row in TRAINING if row.hosting)


def with_service(*rows: ServiceParameter) -> Callable[[Stage], Stage]:
    """Return a class decorator that gives a stage the parameters of `rows`.

    They become read-only properties, and keyword-only parameters in the signature of a constructor
    that takes its last keywords as they come.
    """

    def decorate(stage: Stage) -> Stage:
        for row in rows:
            declared = setting(f"{row.doc}; None where it was not set.")
            setattr(stage, row.name, declared)
            declared.__set_name__(stage, row.name)
        constructor = vars(stage)["__init__"]
        *named, last = inspect.signature(constructor).parameters.values()
        if last.kind is last.VAR_KEYWORD:
            added = [
                inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=None)
                for row in rows
            ]
            rest = [] if last.name == "service" else [last]
            constructor.__signature__ = inspect.Signature([*named, *added, *rest])
        return stage

    return decorate


def taken(rows: tuple[ServiceParameter, ...], keywords: MutableMapping[str, Any]) -> dict[str, Any]:
    """Take the parameters of `rows` out of `keywords`; those that are not given are None."""
    return {row.name: keywords.pop(row.name, None) for row in rows}


def refuse(
    stage: type, keywords: Iterable[str], what: str = "argument", known: Iterable[str] = ()
) -> None:
    """Raise `TypeError` for the first of `keywords`, with near matches of arguments and `known`."""
    for name in keywords:
        near = near_matches(name, [*inspect.signature(stage).parameters, *known])
        raise TypeError(f"{stage.__name__} has no {what} {name!r}{near}")


def service_changes(
    operation: str, settings: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return what the service parameters add to a request, and what its overrides change of that.

    Parameters
    ----------
    operation : str
        Such as ``"CreateTrainingJob"``.
    settings : mapping
        A stage's service arguments by name.
    """
    named: dict[str, Any] = {}
    for row in TRAINING:
        named = merged(named, row.request(operation, settings.get(row.name)))
    return named, settings.get(OVERRIDES[operation]) or {}


def completed(
    operation: str, request: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `request` with the service parameters in it, and then the overrides laid over it."""
    named, overrides = service_changes(operation, settings)
    return merged(merged(request, named), overrides)
