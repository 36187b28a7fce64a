"""Service values, checked together before anything is written or billed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

from sparkml_sm.aws.paths import S3Resource
from sparkml_sm.errors import ConfigurationError

__all__ = ["check_hosting", "check_training"]

_INSTANCE_TYPE = re.compile(r"ml\.[a-z][a-z0-9-]*\.[a-z0-9-]+")
_FORMATS = ("sagemaker", "recordio", "libsvm", "csv", "parquet")
_MAX_RUNTIME = 28 * 24 * 3600
_MAX_VOLUME = 16384

Check = Callable[[Any], str | None]


def check_training(settings: Mapping[str, Any]) -> None:
    """Raise one `ConfigurationError` that lists every training argument that cannot work."""
    _check(settings, _TRAINING)


def check_hosting(settings: Mapping[str, Any]) -> None:
    """Raise one `ConfigurationError` that lists every hosting argument that cannot work."""
    _check(settings, _HOSTING)


def _check(settings: Mapping[str, Any], table: Mapping[str, Check]) -> None:
    problems = []
    for name, check in table.items():
        if name in settings:
            problem = check(settings[name])
            if problem:
                problems.append(f"{name}={settings[name]!r} {problem}")
    if problems:
        raise ConfigurationError("; ".join(problems))


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


def _texts(value: Any) -> str | None:
    fits = isinstance(value, Mapping) and all(
        isinstance(key, str) and isinstance(text, str) for key, text in value.items()
    )
    return None if fits else "must be a dict of str to str"


_HOSTING: Mapping[str, Check] = {
    "endpointInstanceType": _optional(_instance_type),
    "endpointInitialInstanceCount": _optional(_whole(1, 10_000)),
    "modelEnvironmentVariables": _optional(_texts),
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
    **_HOSTING,
}
