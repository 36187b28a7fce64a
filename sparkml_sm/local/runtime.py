"""SageMaker Runtime: calls of an endpoint go to one of its containers."""
# ruff: noqa: D102 - what an operation does is in AWS's own reference.

from __future__ import annotations

from typing import Any

from sparkml_sm.local.endpoints import LOG_GROUP, Endpoints
from sparkml_sm.local.faults import AwsError, unsupported
from sparkml_sm.local.hosting import HostError, Reply
from sparkml_sm.local.s3 import REGION
from sparkml_sm.local.site import Site
from sparkml_sm.local.store import ACCOUNT

__all__ = ["Runtime"]

_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the "
    "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)

#: Bytes of a response, as of a request.
_LARGEST = 6_291_456

#: Member of InvokeEndpoint -> the header in which a container gets it.
_HEADERS = {
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": "X-Amzn-SageMaker-Custom-Attributes",
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
}


class Runtime:
    """The operations of SageMaker Runtime."""

    def __init__(self, site: Site, endpoints: Endpoints) -> None:
        self._site = site
        self._endpoints = endpoints

    def invoke_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        for member in (
            "TargetModel",
            "TargetContainerHostname",
            "InferenceComponentName",
            "SessionId",
        ):
            if member in request:
                raise unsupported(f"InvokeEndpoint with {member}")
        name = request["EndpointName"]
        variant, host = self._endpoints.in_service(name).pick(request.get("TargetVariant"))
        headers = {
            header: request[member] for member, header in _HEADERS.items() if member in request
        }
        try:
            reply = host.send(
                "POST",
                "/invocations",
                request.get("Body", b""),
                headers,
                self._site.invocation_timeout,
            )
        except TimeoutError as error:
            raise _model_error(name, 0, _TIMED_OUT) from error
        except HostError as error:
            raise _model_error(name, 0, str(error)) from error
        if reply.status >= 300:
            raise _model_error(name, reply.status, reply.body.decode("utf-8", "replace"))
        if len(reply.body) > _LARGEST:
            raise _model_error(
                name, 0, f"The response of {len(reply.body)} bytes is over {_LARGEST}."
            )
        return _answer(reply, variant)


def _answer(reply: Reply, variant: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"Body": reply.body, "InvokedProductionVariant": variant}
    for member, header in (
        ("ContentType", "content-type"),
        ("CustomAttributes", _HEADERS["CustomAttributes"].lower()),
    ):
        if reply.headers.get(header):
            answer[member] = reply.headers[header]
    return answer


def _model_error(endpoint: str, status: int, message: str) -> AwsError:
    side = "client" if 400 <= status < 500 else "server"
    group = f"{LOG_GROUP}/{endpoint}"
    text = (
        f'Received {side} error ({status}) from primary with message "{message}". See '
        f"https://{REGION}.console.aws.amazon.com/cloudwatch/home?region={REGION}"
        f"#logEventViewer:group={group} "
        f"in account {ACCOUNT} for more information."
    )
    members = {
        "Message": text,
        "OriginalStatusCode": status,
        "OriginalMessage": message,
        "LogStreamArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}",
    }
    return AwsError("ModelError", text, 424, members)
