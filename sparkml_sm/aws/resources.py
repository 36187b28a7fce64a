"""What was created in the account: a record of it, and its deletion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from sparkml_sm.aws.calls import aws_call, is_missing
from sparkml_sm.aws.waiting import Patience, wait_for
from sparkml_sm.errors import SageMakerResourceCleanupException, ServiceError

__all__ = ["CreatedResources", "SageMakerResourceCleanup"]

_DELETION = Patience(timeout=15 * 60.0)


@dataclass(slots=True)
class CreatedResources:
    """The names of what one model object created and has not deleted.

    Parameters
    ----------
    model_name, endpoint_config_name, endpoint_name : str or None
        None where nothing of the kind was created.
    """

    model_name: str | None = None
    endpoint_config_name: str | None = None
    endpoint_name: str | None = None

    def __str__(self) -> str:
        kinds = (
            ("model", self.model_name),
            ("endpoint config", self.endpoint_config_name),
            ("endpoint", self.endpoint_name),
        )
        return ", ".join(f"{kind} {name}" for kind, name in kinds if name) or "nothing"


class SageMakerResourceCleanup:
    """Deletes endpoints, endpoint configs and models.

    Parameters
    ----------
    sagemakerClient : boto3 SageMaker client

    Examples
    --------
    >>> cleanup = SageMakerResourceCleanup(client)  # doctest: +SKIP
    >>> cleanup.deleteResources(model.getCreatedResources())  # doctest: +SKIP
    """

    def __init__(self, sagemakerClient: Any) -> None:
        self._client = sagemakerClient

    def deleteResources(self, created_resources: CreatedResources) -> None:
        """Delete what stands of `created_resources`: the endpoint, then its config, then the model.

        Each one is tried, also when another failed. Names that were deleted are set to None.

        Raises
        ------
        SageMakerResourceCleanupException
            Naming what could not be deleted.
        """
        failures = []
        for attribute, delete in (
            ("endpoint_name", self.deleteEndpoint),
            ("endpoint_config_name", self.deleteEndpointConfig),
            ("model_name", self.deleteModel),
        ):
            name = getattr(created_resources, attribute)
            if name is None:
                continue
            try:
                delete(name)
            except (ServiceError, TimeoutError) as error:
                failures.append(str(error))
            else:
                setattr(created_resources, attribute, None)
        if failures:
            raise SageMakerResourceCleanupException(
                f"not deleted: {created_resources}: " + "; ".join(failures), created_resources
            )

    def deleteEndpoint(self, name: str) -> None:
        """Delete the endpoint and wait until it is gone; a missing one is no error."""
        if _deleted(
            "DeleteEndpoint", name, lambda: self._client.delete_endpoint(EndpointName=name)
        ):
            wait_for(
                lambda: {"gone": self._is_gone(name)},
                lambda answer: bool(answer["gone"]),
                lambda _: None,
                _DELETION,
                what=f"deletion of endpoint {name}",
            )

    def deleteEndpointConfig(self, name: str) -> None:
        """Delete the endpoint config; a missing one is no error."""
        _deleted(
            "DeleteEndpointConfig",
            name,
            lambda: self._client.delete_endpoint_config(EndpointConfigName=name),
        )

    def deleteModel(self, name: str) -> None:
        """Delete the model; a missing one is no error. The training artifact in S3 stays."""
        _deleted("DeleteModel", name, lambda: self._client.delete_model(ModelName=name))

    def _is_gone(self, endpoint: str) -> bool:
        with aws_call("DescribeEndpoint", endpoint):
            try:
                self._client.describe_endpoint(EndpointName=endpoint)
            except ClientError as error:
                if is_missing(error):
                    return True
                raise
        return False


def _deleted(operation: str, name: str, delete: Callable[[], Any]) -> bool:
    with aws_call(operation, name):
        try:
            delete()
        except ClientError as error:
            if is_missing(error):
                return False
            raise
    return True
