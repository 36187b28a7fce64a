from __future__ import annotations

from pathlib import Path

import pytest
from botocore.client import BaseClient

from sparkml_sm.aws.clients import SageMakerClients
from sparkml_sm.errors import ConfigurationError, CredentialsError

_MAKERS = {
    "s3": SageMakerClients.create_s3_default_client,
    "sts": SageMakerClients.create_sts_default_client,
    "sagemaker": SageMakerClients.create_sagemaker_client,
}


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.parametrize("service", _MAKERS)
def test_gives_boto3_clients_of_the_default_region(service: str) -> None:
    client = _MAKERS[service]()
    assert isinstance(client, BaseClient)
    assert client.meta.service_model.service_name == service
    assert client.meta.region_name == "eu-west-3"


def test_without_a_region_it_says_how_to_set_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION", raising=False)
    with pytest.raises(ConfigurationError, match="no AWS region is set"):
        SageMakerClients.create_sagemaker_client()


def test_without_credentials_it_says_where_they_are_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CredentialsError, match="no AWS credentials found"):
        SageMakerClients.create_s3_default_client()
