"""The one exception tree.

Every error that this library raises on purpose is a `SparkMLSageMakerError`. Each class also
inherits the builtin that a caller would expect, so `except ValueError` catches bad data. A message
says what is wrong, where, and what to do about it; it never holds a credential, nor of the user's
rows more than the number that was refused.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AccessDeniedError",
    "ConfigurationError",
    "CredentialsError",
    "EndpointError",
    "InferenceError",
    "InvalidDataError",
    "ResourceNotFoundError",
    "SageMakerResourceCleanupException",
    "SageMakerSparkSDKException",
    "ServiceError",
    "SparkMLSageMakerError",
    "TrainingJobError",
]


class SparkMLSageMakerError(Exception):
    """The root of all errors of `sparkml_sm`."""


class InvalidDataError(SparkMLSageMakerError, ValueError):
    """Rows or columns cannot be used as they are.

    The message names the column, the row where one row is at fault, the reason, and the way out.
    """


class ConfigurationError(SparkMLSageMakerError, ValueError):
    """A setting (role, instance type, path, image) cannot work; nothing was started."""


class CredentialsError(ConfigurationError):
    """No AWS credentials, or credentials that the Spark tasks could not find."""


class ServiceError(SparkMLSageMakerError, RuntimeError):
    """AWS refused or failed an operation.

    Parameters
    ----------
    message : str
        The operation, the resource, the service's reason, and what to do.
    code : str
        The service's error code, such as ``"ValidationException"``.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.code)


class AccessDeniedError(ServiceError, PermissionError):
    """AWS says that the caller may not do this."""


class ResourceNotFoundError(ServiceError, LookupError):
    """AWS says that the bucket, job, model or endpoint does not exist."""


class SageMakerSparkSDKException(SparkMLSageMakerError, RuntimeError):  # noqa: N818
    """A job or endpoint failed after resources were created.

    Parameters
    ----------
    message : str
        What failed and SageMaker's reason.
    createdResources : CreatedResources or None
        What was created and still stands.
    """

    def __init__(self, message: str, createdResources: Any = None) -> None:
        super().__init__(message)
        self.createdResources = createdResources


class TrainingJobError(SageMakerSparkSDKException):
    """A training job failed, was stopped or has not ended: it left no model.

    The message holds its FailureReason and, where a `fit` waited for it, the last lines of its log.
    """


class EndpointError(SageMakerSparkSDKException):
    """An endpoint failed to start, or does not serve.

    Parameters
    ----------
    message : str
    createdResources : CreatedResources or None
    trainingJobName : str or None
        After a `fit`: the job that trained the model. It is not lost:
        `SageMakerModel.fromTrainingJob` makes a model of it.
    """

    def __init__(
        self, message: str, createdResources: Any = None, trainingJobName: str | None = None
    ) -> None:
        super().__init__(message, createdResources)
        self.trainingJobName = trainingJobName


class SageMakerResourceCleanupException(SageMakerSparkSDKException):
    """A resource could not be deleted."""


class InferenceError(SparkMLSageMakerError, RuntimeError):
    """An endpoint's answers cannot be tied to rows, or it failed past all attempts."""
