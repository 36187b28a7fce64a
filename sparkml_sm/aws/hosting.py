"""Models, endpoint configs and endpoints: create them, wait, and take back what failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sparkml_sm.aws.calls import aws_call
from sparkml_sm.aws.names import NamePolicy
from sparkml_sm.aws.resources import CreatedResources, SageMakerResourceCleanup
from sparkml_sm.aws.shapes import merged, request_problems
from sparkml_sm.aws.waiting import Patience, wait_for
from sparkml_sm.errors import (
    ConfigurationError,
    EndpointError,
    SageMakerResourceCleanupException,
    SparkMLSageMakerError,
)

__all__ = ["Deployment", "check_endpoint", "deploy", "endpoint_requests"]

_STARTED = {"InService", "Failed"}
# An endpoint answers while it is changed, and after a change that could not be rolled back
# (DescribeEndpoint's EndpointStatus).
_SERVING = {"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"}

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What an endpoint is made of.

    Attributes
    ----------
    image, model_data, role : str
        The container's image URI, the artifact's S3 URI, and the role's ARN.
    environment : mapping of str to str
        The container's environment variables.
    instance_type : str
    instance_count : int
    names : NamePolicy
    changes : mapping of str to sequence of mapping
        By operation, what is laid over its request, in order.
    """

    image: str
    model_data: str
    role: str
    environment: Mapping[str, str]
    instance_type: str
    instance_count: int
    names: NamePolicy
    changes: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def endpoint_requests(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Return the requests of CreateModel, CreateEndpointConfig and CreateEndpoint, by operation.

    Raises
    ------
    ConfigurationError
        If SageMaker would refuse them; all problems are named at once.
    """
    requests = _plain_requests(deployment)
    problems = []
    for operation in requests:
        for change in deployment.changes.get(operation, ()):
            requests[operation] = merged(requests[operation], change)
        problems += [
            f"{operation}: {found}" for found in request_problems(operation, requests[operation])
        ]
    if problems:
        name = deployment.names.endpointName
        raise ConfigurationError(f"endpoint {name} cannot start: {'; '.join(problems)}")
    return requests


def _plain_requests(deployment: Deployment) -> dict[str, dict[str, Any]]:
    names = deployment.names
    return {
        "CreateModel": {
            "ModelName": names.modelName,
            "PrimaryContainer": {
                "ContainerHostname": names.modelName,
                "Image": deployment.image,
                "ModelDataUrl": deployment.model_data,
                "Environment": dict(deployment.environment),
            },
            "ExecutionRoleArn": deployment.role,
        },
        "CreateEndpointConfig": {
            "EndpointConfigName": names.endpointConfigName,
            "ProductionVariants": [
                {
                    "VariantName": "AllRequests",
                    "ModelName": names.modelName,
                    "InitialInstanceCount": deployment.instance_count,
                    "InstanceType": deployment.instance_type,
                }
            ],
        },
        "CreateEndpoint": {
            "EndpointName": names.endpointName,
            "EndpointConfigName": names.endpointConfigName,
        },
    }


def check_endpoint(client: Any, name: str) -> None:
    """Raise `EndpointError` unless the endpoint serves, which it does also while it is updated.

    Parameters
    ----------
    client : boto3 SageMaker client
    name : str

    Raises
    ------
    ResourceNotFoundError
        If there is no such endpoint.
    """
    answer = _describe(client, name)
    status = answer["EndpointStatus"]
    if status not in _SERVING:
        reason = answer.get("FailureReason")
        raise EndpointError(
            f"endpoint {name} is {status}" + (f" ({reason})" if reason else "") + ": name one that "
            "is InService"
        )


def deploy(
    client: Any,
    deployment: Deployment,
    created: CreatedResources,
    report: Report,
    patience: Patience,
) -> None:
    """Create model, config and endpoint, and wait until the endpoint serves.

    Parameters
    ----------
    client : boto3 SageMaker client
    deployment : Deployment
    created : CreatedResources
        Filled with each name once it stands. All that this call created is deleted again if it
        fails.
    report : callable
        Takes each line of progress.
    patience : Patience
        For the endpoint to come into service.

    Raises
    ------
    EndpointError
        If the endpoint does not come up; names what could not be deleted again.
    """
    names = deployment.names
    requests = endpoint_requests(deployment)
    try:
        with aws_call("CreateModel", names.modelName):
            client.create_model(**requests["CreateModel"])
        created.model_name = names.modelName
        with aws_call("CreateEndpointConfig", names.endpointConfigName):
            client.create_endpoint_config(**requests["CreateEndpointConfig"])
        created.endpoint_config_name = names.endpointConfigName
        with aws_call("CreateEndpoint", names.endpointName, "check the account's endpoint quota"):
            client.create_endpoint(**requests["CreateEndpoint"])
        created.endpoint_name = names.endpointName
        _wait_until_in_service(client, names.endpointName, report, patience)
    except (SparkMLSageMakerError, TimeoutError) as error:
        raise _undone(client, created, error) from error
    except BaseException:
        # Ctrl-C while an endpoint starts, which would be billed by the hour. A call that was cut
        # off may have created what it names: deleting what is missing does no harm.
        every = CreatedResources(names.modelName, names.endpointConfigName, names.endpointName)
        SageMakerResourceCleanup(client).deleteResources(every)
        raise


def _wait_until_in_service(client: Any, name: str, report: Report, patience: Patience) -> None:
    seen = ""

    def watch(answer: Mapping[str, Any]) -> None:
        nonlocal seen
        if answer["EndpointStatus"] != seen:
            seen = answer["EndpointStatus"]
            report(f"endpoint {name}: {seen}")

    answer = wait_for(
        lambda: _describe(client, name),
        lambda found: found["EndpointStatus"] in _STARTED,
        watch,
        patience,
        what=f"endpoint {name} is not in service",
    )
    if answer["EndpointStatus"] == "Failed":
        reason = answer.get("FailureReason", "no reason given")
        raise EndpointError(f"endpoint {name} failed to start: {reason}")


def _describe(client: Any, name: str) -> Mapping[str, Any]:
    with aws_call("DescribeEndpoint", name):
        answer: Mapping[str, Any] = client.describe_endpoint(EndpointName=name)
    return answer


def _undone(client: Any, created: CreatedResources, error: Exception) -> EndpointError:
    made = str(created)
    if isinstance(error, TimeoutError):
        error = TimeoutError(f"{error}; SageMakerModel.EndpointCreationTimeout gives it more time")
    try:
        SageMakerResourceCleanup(client).deleteResources(created)
    except SageMakerResourceCleanupException as cleanup:
        return EndpointError(f"{error}; {cleanup}", created)
    return EndpointError(f"{error}; deleted again: {made}", created)
