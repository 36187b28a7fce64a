from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from sparkml_sm.aws.hosting import Deployment, check_endpoint, deploy
from sparkml_sm.aws.names import CustomNamePolicy
from sparkml_sm.aws.resources import CreatedResources
from sparkml_sm.aws.waiting import Patience
from sparkml_sm.errors import EndpointError

# The states in which an endpoint takes no request.
_CLOSED = {"OutOfService", "Creating", "Deleting", "Failed"}
_STATES = botocore.session.Session().get_service_model("sagemaker").shape_for("EndpointStatus").enum


class Client:
    """An account whose endpoints are for ever in one state, and where deleting is recorded."""

    def __init__(self, status: str) -> None:
        self._status = status
        self.deleted: list[str] = []

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if EndpointName in self.deleted:
            error = {"Code": "ValidationException", "Message": "Could not find endpoint"}
            raise botocore.exceptions.ClientError({"Error": error}, "DescribeEndpoint")
        return {"EndpointStatus": self._status, "FailureReason": "on purpose"}

    def create_model(self, **_: Any) -> None:
        pass

    create_endpoint_config = create_endpoint = create_model

    def delete_model(self, **name: str) -> None:
        self.deleted += name.values()

    delete_endpoint = delete_endpoint_config = delete_model


@pytest.mark.parametrize("status", sorted(set(_STATES) - _CLOSED))
def test_an_endpoint_serves_also_while_it_is_changed(status: str) -> None:
    check_endpoint(Client(status), "e")


@pytest.mark.parametrize("status", sorted(_CLOSED))
def test_an_endpoint_that_does_not_serve_is_refused_with_its_reason(status: str) -> None:
    with pytest.raises(EndpointError, match=rf"endpoint e is {status} \(on purpose\): name one"):
        check_endpoint(Client(status), "e")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("Failed", "endpoint e failed to start: on purpose; deleted again: model m, endpoint"),
        ("Creating", r"endpoint e is not in service: no end after 0 s; .*EndpointCreationTimeout"),
    ],
)
def test_what_does_not_come_up_is_taken_back(status: str, message: str) -> None:
    client, created, lines = Client(status), CreatedResources(), list[str]()
    names = CustomNamePolicy("j", "m", "c", "e")
    role = "arn:aws:iam::123456789012:role/r"
    deployment = Deployment("image", "s3://b/m", role, {}, "ml.m5.large", 1, names)
    with pytest.raises(EndpointError, match=message) as caught:
        deploy(client, deployment, created, lines.append, Patience(timeout=0.0))
    assert client.deleted == ["e", "c", "m"]
    assert caught.value.createdResources is created
    assert str(created) == "nothing"
    assert lines == [f"endpoint e: {status}"]
