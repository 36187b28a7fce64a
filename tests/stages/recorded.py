"""A SageMaker client whose requests end before the network, with answers as SageMaker's."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

Request = dict[str, Any]


class RecordedSageMaker:
    """A real boto3 client: what botocore would send is kept, and answered here.

    Parameters
    ----------
    job, endpoint : str
        How training jobs and endpoints end.
    """

    def __init__(self, job: str = "Completed", endpoint: str = "InService") -> None:
        self.requests: dict[str, list[Request]] = defaultdict(list)
        self.client = boto3.client("sagemaker", region_name="us-east-1")
        self.client.meta.events.register("before-send.sagemaker", self._answer)
        self._job, self._endpoint = job, endpoint

    def last(self, operation: str) -> Request:
        return self.requests[operation][-1]

    def _answer(self, request: Any, **_: object) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().partition(".")[2]
        sent: Request = json.loads(request.body)
        self.requests[operation].append(sent)
        status, answer = 200, self._described(operation, sent)
        if answer is None:
            status = 400
            answer = {"__type": "ValidationException", "message": "Could not find it."}
        raw = _Raw(json.dumps(answer).encode())
        return AWSResponse(request.url, status, {"Content-Type": "application/x-amz-json-1.1"}, raw)

    def _described(self, operation: str, sent: Request) -> Request | None:
        if operation == "DescribeTrainingJob":
            name = sent["TrainingJobName"]
            ended = {
                "TrainingJobName": name,
                "TrainingJobStatus": self._job,
                "SecondaryStatus": self._job,
            }
            if self._job != "Completed":
                return ended
            uri = f"s3://bucket/out/{name}/output/model.tar.gz"
            return ended | {"ModelArtifacts": {"S3ModelArtifacts": uri}}
        if operation == "DescribeEndpoint":
            gone = bool(self.requests["DeleteEndpoint"])
            return None if gone else {"EndpointStatus": self._endpoint, **sent}
        kind = operation.removeprefix("Create")
        return {f"{kind}Arn": "arn:aws:sagemaker:us-east-1:123456789012:it/name"}


class _Raw(io.BytesIO):
    def stream(self, **_: object) -> Any:
        yield self.read()
