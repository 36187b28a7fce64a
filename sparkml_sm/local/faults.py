"""What an AWS service answers instead of a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sparkml_sm.errors import SparkMLSageMakerError

__all__ = ["AwsError", "in_use", "unsupported", "validation"]


class AwsError(SparkMLSageMakerError):
    """An error that goes to the client in its service's own shape.

    Parameters
    ----------
    code : str
        AWS's error code; empty where AWS sends a bare HTTP status.
    message : str
    status : int, default 400
        HTTP status.
    members : mapping, optional
        Further members of the error's shape.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, members: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.members = dict(members or {})


def validation(message: str) -> AwsError:
    """Return the answer to a request that AWS does not accept; services differ in the code."""
    return AwsError("ValidationException", message)


def in_use(message: str) -> AwsError:
    """Return what AWS answers when a name is taken."""
    return AwsError("ResourceInUse", message)


def unsupported(what: str) -> AwsError:
    """Return the answer to what AWS can do and the local SageMaker cannot."""
    return AwsError("UnsupportedOperation", f"The local SageMaker does not support {what}.")
