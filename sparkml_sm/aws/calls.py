"""botocore's errors, mapped once to this library's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from sparkml_sm.errors import (
    AccessDeniedError,
    CredentialsError,
    ResourceNotFoundError,
    ServiceError,
    SparkMLSageMakerError,
)

__all__ = ["aws_call", "error_code", "is_missing", "mapped_error"]

_DENIED = {
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_MISSING = {"404", "NoSuchBucket", "NoSuchKey", "NoSuchUpload", "ResourceNotFound"}


def error_code(error: ClientError) -> str:
    """Return the service's error code, such as ``"ValidationException"``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_missing(error: ClientError) -> bool:
    """Whether the service says that the resource does not exist.

    SageMaker reports a missing job, model or endpoint as a ``ValidationException`` whose message
    says so; its waiters in botocore depend on that.
    """
    code, message = error_code(error), _reason(error).lower()
    return code in _MISSING or (
        code in {"ValidationException", "ValidationError"}
        and ("could not find" in message or "not found" in message or "does not exist" in message)
    )


@contextmanager
def aws_call(operation: str, resource: str, hint: str = "") -> Iterator[None]:
    """Map what botocore raises inside to this library's errors.

    Parameters
    ----------
    operation : str
        The operation as AWS names it, such as ``"CreateTrainingJob"``.
    resource : str
        What it is done to, for the message.
    hint : str, optional
        What the user can do where the operation is refused.

    Raises
    ------
    AccessDeniedError, ResourceNotFoundError, ServiceError
        By the service's error code.
    CredentialsError
        If there are no credentials.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise mapped_error(error, f"{operation} of {resource}", hint) from error


def mapped_error(error: Exception, what: str, hint: str = "") -> SparkMLSageMakerError:
    """Return this library's error for what botocore raised.

    Parameters
    ----------
    error : botocore's ClientError or BotoCoreError
    what : str
        The operation and its resource.
    hint : str, optional
        What the user can do.
    """
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return CredentialsError(f"{what}: {error}")
    if not isinstance(error, ClientError):
        return ServiceError(f"{what} failed: {error}")
    code = error_code(error)
    message = f"{what} failed: {_reason(error)} ({code})" + (f"; {hint}" if hint else "")
    if code in _DENIED:
        return AccessDeniedError(message, code)
    if is_missing(error):
        return ResourceNotFoundError(message, code)
    return ServiceError(message, code)


def _reason(error: ClientError) -> str:
    found = error.response.get("Error", {})
    return str(found.get("Message") or found.get("Code") or error)
