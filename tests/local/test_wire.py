from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from sparkml_sm.local import LocalSageMaker
from tests.local.conftest import Aws, clients


def post(
    local: LocalSageMaker, operation: str, document: Any, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Send a signed request that no client of boto3 would send."""
    url = local.endpoints["sagemaker"]
    request = AWSRequest(
        "POST",
        f"{url}/",
        data=document if isinstance(document, bytes) else json.dumps(document).encode(),
        headers={"X-Amz-Target": f"SageMaker.{operation}", "Host": urlsplit(url).netloc},
    )
    keys = (local.environment["AWS_ACCESS_KEY_ID"], local.environment["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(Credentials(*keys), "sagemaker", local.region).add_auth(request)
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    sent = dict(request.headers) | (headers or {})
    chunked = "Transfer-Encoding" in sent
    connection.request("POST", "/", body=request.body, headers=sent, encode_chunked=chunked)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body)


def test_who_am_i(aws: Aws) -> None:
    assert aws.sts.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/local"


@pytest.mark.parametrize(
    ("client", "operation", "code"),
    [
        ("sagemaker", "list_models", "UnrecognizedClientException"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("logs", "describe_log_groups", "UnrecognizedClientException"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
    ],
)
def test_an_unknown_access_key_is_refused(
    local: LocalSageMaker, client: str, operation: str, code: str
) -> None:
    other = clients(local.environment | {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"})
    with pytest.raises(ClientError) as caught:
        getattr(getattr(other, client), operation)()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(
    ("client", "operation", "code"),
    [
        ("sagemaker", "list_models", "InvalidSignatureException"),
        ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
    ],
)
def test_a_wrong_secret_is_refused(
    local: LocalSageMaker, client: str, operation: str, code: str
) -> None:
    other = clients(local.environment | {"AWS_SECRET_ACCESS_KEY": "wrong"})
    with pytest.raises(ClientError) as caught:
        getattr(getattr(other, client), operation)()
    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Host": "[::1"},
    ],
)
def test_other_origins_and_hosts_are_refused(
    local: LocalSageMaker, headers: dict[str, str]
) -> None:
    assert post(local, "ListModels", {}, headers)[0] == 403
    assert post(local, "ListModels", {})[0] == 200


def test_a_request_without_a_signature_is_refused(local: LocalSageMaker) -> None:
    status, answer = post(local, "ListModels", {}, {"Authorization": ""})
    assert (status, answer["__type"]) == (403, "MissingAuthenticationTokenException")


def test_what_is_not_there_says_so(aws: Aws, local: LocalSageMaker) -> None:
    with pytest.raises(ClientError, match="does not support sagemaker ListClusters") as caught:
        aws.sagemaker.list_clusters()
    assert caught.value.response["Error"]["Code"] == "UnsupportedOperation"
    assert post(local, "NoSuchThing", {})[1]["__type"] == "UnknownOperationException"


@pytest.mark.parametrize("document", [b"{", b"[]", {"MaxResults": "ten"}, {"MaxResults": True}])
def test_a_body_of_the_wrong_type_is_refused(local: LocalSageMaker, document: Any) -> None:
    status, answer = post(local, "ListModels", document)
    assert (status, answer["__type"]) == (400, "SerializationException")


def test_the_whole_input_is_validated_in_the_words_of_aws(local: LocalSageMaker) -> None:
    status, answer = post(
        local,
        "CreateTrainingJob",
        {
            "TrainingJobName": "no spaces",
            "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
            "ResourceConfig": {"InstanceType": "local"},
            "NoSuchMember": 1,
        },
    )
    message = answer["message"]
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert message.startswith("3 validation errors detected: ")
    assert message.count("; ") == 2
    assert (
        "Value null at 'outputDataConfig' failed to satisfy constraint: Member must not be null"
    ) in message
    assert (
        "Value 'no spaces' at 'trainingJobName' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: "
    ) in message
    assert (
        "Value 'local' at 'resourceConfig.instanceType' failed to satisfy constraint: Member must "
        "satisfy enum value set: ["
    ) in message


def test_connections_are_kept(local: LocalSageMaker) -> None:
    connection = http.client.HTTPConnection(urlsplit(local.endpoints["sagemaker"]).netloc)
    for _ in range(3):
        connection.request("GET", "/")
        response = connection.getresponse()
        assert response.status == 403
        response.read()
        assert connection.sock is not None
    connection.close()


def test_a_body_in_chunks_is_a_body_too(local: LocalSageMaker) -> None:
    in_chunks = {"Transfer-Encoding": "chunked"}
    assert post(local, "ListModels", {"MaxResults": 1}, in_chunks)[0] == 200
    assert post(local, "ListModels", {"MaxResults": "x"}, in_chunks)[1]["__type"].endswith(
        "SerializationException"
    )
    assert post(local, "ListModels", {}, in_chunks | {"Origin": "https://evil.example"})[0] == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"no size\r\n", 400), (b"-1\r\n", 413), (b"4000001\r\n", 413)],
)
def test_chunks_that_are_none_are_refused(local: LocalSageMaker, body: bytes, status: int) -> None:
    connection = http.client.HTTPConnection(urlsplit(local.endpoints["sagemaker"]).netloc)
    connection.request("POST", "/", body=body, headers={"Transfer-Encoding": "chunked"})
    assert connection.getresponse().status == status
    connection.close()
