"""Models, endpoint configs and endpoints: create them, wait, and take back what failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sparkml_sm.aws.calls import aws_call
from sparkml_sm.aws.names import NamePolicy
from sparkml_sm.aws.resources import CreatedResources, SageMakerResourceCleanup
from sparkml_sm.aws.waiting import wait_for
from sparkml_sm.errors import (
    EndpointError,
    SageMakerResourceCleanupException,
    SparkMLSageMakerError,
)

__all__ = ["Deployment", "deploy", "endpoint_requests"]

_CREATION_TIMEOUT = 30 * 60.0
_STARTED = {"InService", "Failed"}

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
    """

    image: str
    model_data: str
    role: str
    environment: Mapping[str, str]
    instance_type: str
    instance_count: int
    names: NamePolicy


def endpoint_requests(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Return the requests of CreateModel, CreateEndpointConfig and CreateEndpoint, by operation."""
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


def deploy(client: Any, deployment: Deployment, created: CreatedResources, report: Report) -> None:
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

    Raises
    ------
    EndpointError
        If the endpoint does not come up; names what could not be deleted again.
    """
    names = deployment.names
    try:
        requests = endpoint_requests(deployment)
        with aws_call("CreateModel", names.modelName):
            client.create_model(**requests["CreateModel"])
        created.model_name = names.modelName
        with aws_call("CreateEndpointConfig", names.endpointConfigName):
            client.create_endpoint_config(**requests["CreateEndpointConfig"])
        created.endpoint_config_name = names.endpointConfigName
        with aws_call("CreateEndpoint", names.endpointName, "check the account's endpoint quota"):
            client.create_endpoint(**requests["CreateEndpoint"])
        created.endpoint_name = names.endpointName
        _wait_until_in_service(client, names.endpointName, report)
    except (SparkMLSageMakerError, TimeoutError) as error:
        raise _undone(client, created, error) from error
    except BaseException:
        # Ctrl-C while an endpoint starts, which would be billed by the hour. A call that was cut
        # off may have created what it names: deleting what is missing does no harm.
        every = CreatedResources(names.modelName, names.endpointConfigName, names.endpointName)
        SageMakerResourceCleanup(client).deleteResources(every)
        raise


def _wait_until_in_service(client: Any, name: str, report: Report) -> None:
    seen = ""

    def describe() -> Mapping[str, Any]:
        with aws_call("DescribeEndpoint", name):
            answer: Mapping[str, Any] = client.describe_endpoint(EndpointName=name)
        return answer

    def watch(answer: Mapping[str, Any]) -> None:
        nonlocal seen
        if answer["EndpointStatus"] != seen:
            seen = answer["EndpointStatus"]
            report(f"endpoint {name}: {seen}")

    answer = wait_for(
        describe,
        lambda found: found["EndpointStatus"] in _STARTED,
        watch,
        timeout=_CREATION_TIMEOUT,
    )
    if answer["EndpointStatus"] == "Failed":
        reason = answer.get("FailureReason", "no reason given")
        raise EndpointError(f"endpoint {name} failed to start: {reason}")


def _undone(client: Any, created: CreatedResources, error: Exception) -> EndpointError:
    made = str(created)
    try:
        SageMakerResourceCleanup(client).deleteResources(created)
    except SageMakerResourceCleanupException as cleanup:
        return EndpointError(f"{error}; {cleanup}", created)
    return EndpointError(f"{error}; deleted again: {made}", created)
