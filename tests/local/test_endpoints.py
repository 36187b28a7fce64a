from __future__ import annotations

import io
import os
import signal
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sparkml_sm.local import LocalSageMaker
from tests.local.conftest import IMAGE, ROLE, Aws, clients, create_endpoint, create_model, until

ROWS = b"0.9,0.1\n0.1,0.9\n"


def invoke(aws: Aws, endpoint: str, body: bytes = ROWS, **more: Any) -> Any:
    return aws.runtime.invoke_endpoint(
        EndpointName=endpoint, Body=body, **({"ContentType": "text/csv"} | more)
    )


def servers(directory: Path) -> list[int]:
    """The process numbers of the serving containers below a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        serving = b"sparkml_sm.local.serving" in command and b"--" not in command
        if serving and f"SAGEMAKER_BASE_DIR={directory}".encode() in environment:
            found.append(int(process.name))
    return found


def test_an_endpoint_answers(aws: Aws, endpoint: str) -> None:
    answer = invoke(aws, endpoint, Accept="text/csv")
    first, second = map(float, answer["Body"].read().split())
    assert first > 0.5 > second
    assert answer["ContentType"].startswith("text/csv")
    assert answer["InvokedProductionVariant"] == "AllTraffic"


def test_its_description(aws: Aws, endpoint: str) -> None:
    described = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointStatus"] == "InService"
    assert described["ProductionVariants"] == [
        {
            "VariantName": "AllTraffic",
            "DeployedImages": [{"SpecifiedImage": IMAGE}],
            "CurrentWeight": 1.0,
            "DesiredWeight": 1.0,
            "CurrentInstanceCount": 1,
            "DesiredInstanceCount": 1,
        }
    ]
    config = aws.sagemaker.describe_endpoint_config(EndpointConfigName=endpoint)
    assert config["ProductionVariants"][0]["InitialVariantWeight"] == 1.0
    assert aws.sagemaker.describe_model(ModelName=endpoint)["PrimaryContainer"]["Image"] == IMAGE


def test_many_calls_at_once_are_not_crossed(aws: Aws, endpoint: str) -> None:
    def call(number: int) -> tuple[int, int]:
        body = b"0.9,0.1\n" * number
        return number, len(invoke(aws, endpoint, body)["Body"].read().split())

    with ThreadPoolExecutor(8) as pool:
        assert all(rows == answers for rows, answers in pool.map(call, range(1, 200)))


def test_a_containers_refusal_is_a_model_error(aws: Aws, endpoint: str) -> None:
    with pytest.raises(aws.runtime.exceptions.ModelError) as caught:
        invoke(aws, endpoint, b"what,is\nthis", ContentType="text/csv")
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert answer["OriginalStatusCode"] == 415
    assert answer["OriginalMessage"]
    assert answer["LogStreamArn"].endswith(f":log-group:/aws/sagemaker/Endpoints/{endpoint}")
    assert answer["Error"]["Message"].startswith(
        f'Received client error (415) from primary with message "{answer["OriginalMessage"]}". See '
    )


def test_a_body_over_the_limit(aws: Aws, endpoint: str) -> None:
    limit = 6_291_456
    with pytest.raises(ClientError, match="length exceeded 6291456 bytes") as caught:
        invoke(aws, endpoint, b"1" * (limit + 1))
    assert caught.value.response["Error"]["Code"] == "413"
    row = b"0.9," + b"0" * 1000 + b".1\n"
    assert invoke(aws, endpoint, row * (limit // len(row)))["Body"].read(2) == b"0."


def test_an_answer_over_the_limit(aws: Aws, endpoint: str) -> None:
    with pytest.raises(aws.runtime.exceptions.ModelError, match="bytes is over 6291456"):
        invoke(aws, endpoint, b"1,0\n" * 1_200_000)


@pytest.mark.parametrize("more", [{"TargetVariant": "Other"}, {"EndpointName": "missing"}])
def test_what_does_not_exist(aws: Aws, endpoint: str, more: dict[str, str]) -> None:
    with pytest.raises(aws.runtime.exceptions.ClientError, match="not found") as caught:
        aws.runtime.invoke_endpoint(**({"EndpointName": endpoint, "Body": ROWS} | more))
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_missing_endpoint_on_invoke_in_the_words_of_aws(aws: Aws) -> None:
    with pytest.raises(ClientError, match=r"Endpoint gone of account 123456789012 not found\."):
        invoke(aws, "gone")


def test_deleting_ends_the_process(
    aws: Aws, local: LocalSageMaker, name: str, artifact: str
) -> None:
    create_model(aws, name, artifact)
    create_endpoint(aws, name)
    directory = local.state_dir / "endpoints" / name
    assert len(servers(directory)) == 1
    aws.sagemaker.delete_endpoint(EndpointName=name)
    aws.sagemaker.get_waiter("endpoint_deleted").wait(
        EndpointName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
    )
    assert servers(directory) == []
    aws.sagemaker.delete_endpoint_config(EndpointConfigName=name)
    aws.sagemaker.delete_model(ModelName=name)
    for describe, wording in [
        (lambda: aws.sagemaker.describe_endpoint(EndpointName=name), "endpoint"),
        (
            lambda: aws.sagemaker.describe_endpoint_config(EndpointConfigName=name),
            "endpoint configuration",
        ),
        (lambda: aws.sagemaker.describe_model(ModelName=name), "model"),
        (lambda: aws.sagemaker.delete_model(ModelName=name), "model"),
    ]:
        with pytest.raises(ClientError, match=f'Could not find {wording} "arn:aws:') as caught:
            describe()
        assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_an_update_replaces_the_containers(
    aws: Aws, local: LocalSageMaker, name: str, artifact: str
) -> None:
    create_model(aws, name, artifact)
    create_endpoint(aws, name)
    (before,) = servers(local.state_dir / "endpoints" / name)
    variants = [
        {
            "VariantName": variant,
            "ModelName": name,
            "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large",
            "InitialVariantWeight": weight,
        }
        for variant, weight in (("a", 1.0), ("b", 0.0))
    ]
    aws.sagemaker.create_endpoint_config(
        EndpointConfigName=f"{name}-2", ProductionVariants=variants
    )
    aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-2")
    assert invoke(aws, name)["InvokedProductionVariant"] == "AllTraffic"
    described = until(
        lambda: aws.sagemaker.describe_endpoint(EndpointName=name), "EndpointStatus", "Updating"
    )
    assert described["EndpointConfigName"] == f"{name}-2"
    assert {invoke(aws, name)["InvokedProductionVariant"] for _ in range(10)} == {"a"}
    assert invoke(aws, name, TargetVariant="b")["InvokedProductionVariant"] == "b"
    assert before not in servers(local.state_dir / "endpoints" / name)
    aws.sagemaker.delete_endpoint(EndpointName=name)


def archive(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path, content in members:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (archive(("../../../../escaped", b"x")), "outside the destination"),
        (b"this is no archive", "Failed to load the model data"),
        (archive(("xgboost-model", b"no model")), "did not pass the ping health check"),
    ],
)
def test_a_bad_artifact_fails_the_endpoint(
    aws: Aws, local: LocalSageMaker, bucket: str, name: str, body: bytes, reason: str
) -> None:
    aws.s3.put_object(Bucket=bucket, Key=f"bad/{name}", Body=body)
    create_model(aws, name, f"s3://{bucket}/bad/{name}")
    create_endpoint(aws, name, wait=False)
    described = until(
        lambda: aws.sagemaker.describe_endpoint(EndpointName=name), "EndpointStatus", "Creating"
    )
    assert described["EndpointStatus"] == "Failed"
    assert reason in described["FailureReason"]
    assert not list(local.state_dir.rglob("escaped"))
    with pytest.raises(ClientError, match="is not in service"):
        invoke(aws, name)
    aws.sagemaker.delete_endpoint(EndpointName=name)


def test_an_unknown_image_fails_the_endpoint(aws: Aws, name: str, artifact: str) -> None:
    create_model(aws, name, artifact, Image="me/mine:1")
    create_endpoint(aws, name, wait=False)
    described = until(
        lambda: aws.sagemaker.describe_endpoint(EndpointName=name), "EndpointStatus", "Creating"
    )
    assert "no program for the image me/mine:1" in described["FailureReason"]
    aws.sagemaker.delete_endpoint(EndpointName=name)


def test_references_are_checked(aws: Aws, bucket: str, name: str, artifact: str) -> None:
    variant = {
        "VariantName": "v",
        "ModelName": "missing",
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    with pytest.raises(ClientError, match=r'Could not find model "arn:.*:model/missing"'):
        aws.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName="missing")
    with pytest.raises(ClientError, match=r"Could not find model data at s3://.*/missing\."):
        create_model(aws, name, f"s3://{bucket}/missing")
    create_model(aws, name, artifact)
    with pytest.raises(ClientError, match="Cannot create already existing model"):
        create_model(aws, name, artifact)


def test_models_are_listed_by_pages(aws: Aws, name: str) -> None:
    for number in range(5):
        aws.sagemaker.create_model(
            ModelName=f"{name}-{number}", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE}
        )
    pages = aws.sagemaker.get_paginator("list_models").paginate(
        NameContains=name.upper(), SortBy="Name", SortOrder="Ascending", MaxResults=2
    )
    found = [[model["ModelName"] for model in page["Models"]] for page in pages]
    assert found == [[f"{name}-0", f"{name}-1"], [f"{name}-2", f"{name}-3"], [f"{name}-4"]]
    with pytest.raises(ClientError, match="Invalid pagination token"):
        aws.sagemaker.list_models(NextToken="!")


@pytest.fixture(scope="module")
def impatient(aws: Aws, artifact: str) -> Any:
    """A local SageMaker whose containers have half a second for an answer, and its endpoint."""
    bucket, _, key = artifact.removeprefix("s3://").partition("/")
    body = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    before = dict(os.environ)
    with LocalSageMaker(invocation_timeout=0.5) as local:
        other = clients(local.environment, retries={"total_max_attempts": 1})
        for variable in local.environment:
            os.environ.pop(variable)
        os.environ.update(before)
        other.s3.create_bucket(Bucket="models")
        other.s3.put_object(Bucket="models", Key="model.tar.gz", Body=body)
        create_model(other, "slow", "s3://models/model.tar.gz")
        create_endpoint(other, "slow")
        yield other, local.state_dir / "endpoints" / "slow"


def test_a_container_that_does_not_answer_in_time(impatient: Any) -> None:
    aws, directory = impatient
    (process,) = servers(directory)
    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(aws.runtime.exceptions.ModelError, match="timed out") as caught:
            invoke(aws, "slow")
    finally:
        os.kill(process, signal.SIGCONT)
    assert caught.value.response["OriginalStatusCode"] == 0
    assert "Received server error (0) from primary" in str(caught.value)
    assert invoke(aws, "slow")["Body"].read()
