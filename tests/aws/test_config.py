"""How the driver's way to AWS is found, and what of it travels to tasks: no key, ever."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from sparkml_sm.aws.config import AwsConfig, credentials_digest, driver_config
from sparkml_sm.errors import ConfigurationError, CredentialsError

KEY, SECRET = "AKIAOFTHETESTS", "a-secret-of-the-tests"
OTHER = "AKIAOFSOMEBODYELSE"

WriteKeys = Callable[..., str]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No AWS setting but a region."""
    for service in ("", "_S3", "_STS", "_SAGEMAKER", "_SAGEMAKER_RUNTIME", "_LOGS"):
        monkeypatch.delenv(f"AWS_ENDPOINT_URL{service}", raising=False)
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONFIG_FILE",
        "AWS_PROFILE",
        "AWS_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.fixture
def env_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.fixture
def shared_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], str]:
    def write(profile: str, key: str) -> str:
        file = tmp_path / "keys"
        file.write_text(
            f"[{profile}]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET}\n"
        )
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
        return str(file)

    return write


def test_a_client_of_this_machine_knows_no_proxy(
    env_keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    def proxy(url: str) -> str | None:
        client = AwsConfig("eu-west-1", endpoints=(("s3", url),)).client("s3")
        found: str | None = client._endpoint.http_session._proxy_config.proxy_url_for(url)
        return found

    assert proxy("http://s3.example.com:8333") == "http://127.0.0.1:9"
    for host in ("127.0.0.1", "localhost", "[::1]"):
        assert proxy(f"http://{host}:8333") is None


def test_new_keys_in_the_environment_make_a_new_client(
    env_keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = AwsConfig("eu-west-1")
    first = config.client("s3")
    assert config.client("s3") is first
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", OTHER)
    assert config.client("s3")._request_signer._credentials.access_key == OTHER
    assert first._request_signer._credentials.access_key == KEY


def _carries_no_key(config: AwsConfig) -> bool:
    wire = pickle.dumps(config)
    return KEY.encode() not in wire and SECRET.encode() not in wire


def test_keys_that_also_lie_in_the_shared_file_travel_as_its_path(
    env_keys: None, shared_file: WriteKeys
) -> None:
    file = shared_file("default", KEY)
    config = driver_config()
    assert config == AwsConfig("eu-west-1", profile="default", credentials_file=file)
    assert config.unproven is None
    assert _carries_no_key(config)


def test_keys_of_the_environment_alone_are_to_be_proven(env_keys: None) -> None:
    config = driver_config()
    assert config == AwsConfig("eu-west-1")
    assert config.unproven == credentials_digest(AwsConfig("eu-west-1"))
    assert _carries_no_key(config)


def test_other_keys_in_the_shared_file_do_not_count(env_keys: None, shared_file: WriteKeys) -> None:
    shared_file("default", OTHER)
    config = driver_config()
    assert (config.profile, config.credentials_file) == (None, None)
    assert config.unproven is not None


def test_a_profile_travels_by_its_name(
    shared_file: WriteKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = shared_file("data-team", KEY)
    monkeypatch.setenv("AWS_PROFILE", "data-team")
    config = driver_config()
    assert config == AwsConfig("eu-west-1", profile="data-team", credentials_file=file)
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE")
    found = config.client("s3")._request_signer._credentials
    assert found.access_key == KEY, "a task finds the keys by the names alone"


def test_a_client_of_the_user_decides_region_endpoint_and_keys(
    env_keys: None, shared_file: WriteKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = boto3.Session(aws_access_key_id=OTHER, aws_secret_access_key=SECRET)
    client = session.client("s3", region_name="sa-east-1", endpoint_url="http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:8")
    config = driver_config([None, client])
    assert config.region == "sa-east-1"
    assert config.endpoints == (("s3", "http://127.0.0.1:9"), ("sts", "http://127.0.0.1:8"))
    assert config.unproven is not None
    assert OTHER.encode() not in pickle.dumps(config)
    file = shared_file("default", OTHER)
    assert driver_config([client]).credentials_file == file
    assert driver_config([client], "us-west-2").region == "us-west-2"


def test_a_client_made_from_a_named_profile_is_found_by_that_profile(
    shared_file: WriteKeys,
) -> None:
    file = shared_file("data-team", KEY)
    with Path(file).open("a") as more:
        more.write(f"[default]\naws_access_key_id = {OTHER}\naws_secret_access_key = {SECRET}\n")
    client = boto3.Session(profile_name="data-team").client("s3")
    config = driver_config([client])
    assert config == AwsConfig("eu-west-1", profile="data-team", credentials_file=file)
    assert config.unproven is None
    assert _carries_no_key(config)


def test_without_a_region_the_way_out_is_named(
    env_keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigurationError, match=r"no AWS region.*region=.*AWS_DEFAULT_REGION"):
        driver_config()
    assert driver_config(region="us-east-2").region == "us-east-2"


def test_without_credentials_the_way_out_is_named() -> None:
    with pytest.raises(CredentialsError, match=r"no AWS credentials found.*instance role"):
        driver_config()


def test_a_profile_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CredentialsError, match="nobody"):
        driver_config()
