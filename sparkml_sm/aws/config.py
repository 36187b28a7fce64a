"""Where AWS is and who asks: a frozen value that travels to Spark tasks without carrying a key.

A Spark task runs in another process, often on another machine, and does not see what the driver put
into `os.environ` after the JVM started. So a task gets the region, the endpoint URLs and the *name*
of a place where credentials lie (a profile, a shared credentials file, or nothing: the default
chain with its instance role) and looks the keys up itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from sparkml_sm.errors import ConfigurationError, CredentialsError

__all__ = ["AwsConfig", "credentials_digest", "driver_config"]

SERVICES = ("s3", "sts", "sagemaker", "sagemaker-runtime", "logs")

# A client keeps the keys that it was made with; only a hash of these tells clients apart.
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

# How botocore says that a profile gives keys that change, so that a task which finds others by the
# profile's name is right as well.
_CHANGING_METHODS = {"assume-role", "custom-process", "login", "sso"}
# ... and from the machine itself, which an executor of the same cluster has as well.
_MACHINE_METHODS = {"assume-role-with-web-identity", "container-role", "iam-role"}


@dataclass(frozen=True, slots=True)
class AwsConfig:
    """What a process needs to reach AWS, or the local SageMaker, in a form that can be pickled.

    Attributes
    ----------
    region : str
        The AWS region, such as ``"eu-west-1"``.
    profile : str or None
        The profile whose credentials are used; None is botocore's default chain.
    credentials_file : str or None
        Path of the shared credentials file that holds `profile`; None is botocore's default.
    endpoints : tuple of (str, str)
        Service name and URL of each endpoint that is not AWS's own.
    unproven : str or None
        A digest of the driver's access key where it is not known that tasks find the same one: a
        task must be asked before anything starts. It is never part of the equality of two
        configurations.
    """

    region: str
    profile: str | None = None
    credentials_file: str | None = None
    endpoints: tuple[tuple[str, str], ...] = ()
    unproven: str | None = field(default=None, compare=False)

    def client(self, service: str, attempts: int = 5, **options: Any) -> Any:
        """Return the boto3 client of `service`, made once a process, keys and set of options.

        Parameters
        ----------
        service : str
            A boto3 service name.
        attempts : int, default 5
            Calls that boto3 makes in all where one fails in passing.
        **options
            Options of `botocore.config.Config`.

        Returns
        -------
        boto3 client
            Safe to use from several threads.
        """
        process = (os.getpid(), hash(tuple(map(os.environ.get, _KEYS))))
        return _client(self, service, attempts, tuple(sorted(options.items())), process)


@lru_cache(maxsize=64)
def _client(
    config: AwsConfig,
    service: str,
    attempts: int,
    options: tuple[tuple[str, Any], ...],
    _process: tuple[int, int],
) -> Any:
    endpoint = dict(config.endpoints).get(service)
    settings: dict[str, Any] = {
        "retries": {"mode": "standard", "total_max_attempts": attempts},
        "connect_timeout": 10,
        "user_agent_extra": "sparkml_sm",
        **dict(options),
    }
    if endpoint and urlsplit(endpoint).hostname in _LOOPBACK:
        # The environment's proxy, which None would stand for, cannot reach this machine.
        settings["proxies"] = {}
    return _session(config).client(service, endpoint_url=endpoint, config=Config(**settings))


def _session(config: AwsConfig) -> boto3.Session:
    core = botocore.session.Session(profile=config.profile)
    if config.credentials_file:
        core.set_config_variable("credentials_file", config.credentials_file)
    return boto3.Session(botocore_session=core, region_name=config.region)


def credentials_digest(config: AwsConfig) -> str | None:
    """Return a digest of the access key that this process finds for `config`, or None."""
    try:
        credentials = _session(config).get_credentials()
    except BotoCoreError:
        return None
    return _digest(credentials.access_key) if credentials else None


def _digest(access_key: str) -> str:
    return hashlib.sha256(access_key.encode()).hexdigest()


def driver_config(clients: Iterable[Any] = (), region: str | None = None) -> AwsConfig:
    """Describe how the driver reaches AWS, so that the tasks reach it in the same way.

    Parameters
    ----------
    clients : iterable of boto3 clients or None
        Clients that the user passed; the first one decides region and credentials, each one the
        endpoint of its service.
    region : str or None
        Overrides the region found.

    Returns
    -------
    AwsConfig

    Raises
    ------
    ConfigurationError
        If no region is set.
    CredentialsError
        If no credentials are found.
    """
    given = [client for client in clients if client is not None]
    session = botocore.session.Session()
    found = region or _region(given, session)
    if not found:
        raise ConfigurationError(
            "no AWS region is set: pass region=, set AWS_DEFAULT_REGION, or name one in "
            "~/.aws/config"
        )
    base = AwsConfig(region=found, endpoints=_endpoints(given))
    return _with_credentials(base, session, _credentials(given, session))


def _region(clients: list[Any], session: Any) -> str | None:
    region = clients[0].meta.region_name if clients else session.get_config_variable("region")
    return str(region) if region else None


def _endpoints(clients: list[Any]) -> tuple[tuple[str, str], ...]:
    everywhere = os.environ.get("AWS_ENDPOINT_URL")
    urls = {}
    for service in SERVICES:
        variable = "AWS_ENDPOINT_URL_" + service.upper().replace("-", "_")
        url = os.environ.get(variable) or everywhere
        if url:
            urls[service] = url
    for client in clients:
        url = client.meta.endpoint_url
        if ".amazonaws." not in url:
            urls[client.meta.service_model.service_name] = url
    return tuple(sorted(urls.items()))


def _credentials(clients: list[Any], session: Any) -> Any:
    try:
        # A client has no public way to its credentials; the signer holds them.
        found = clients[0]._request_signer._credentials if clients else session.get_credentials()
    except BotoCoreError as error:
        raise CredentialsError(f"AWS credentials could not be loaded: {error}") from error
    if found is None:
        raise CredentialsError(
            "no AWS credentials found: run on a cluster with an instance role, set a profile in "
            "~/.aws/credentials, or start a local SageMaker with `sparkml-sm local`"
        )
    return found


def _with_credentials(base: AwsConfig, session: Any, credentials: Any) -> AwsConfig:
    by_profile = replace(
        base,
        profile=session.get_config_variable("profile") or "default",
        credentials_file=os.environ.get("AWS_SHARED_CREDENTIALS_FILE"),
    )
    if credentials.method in _MACHINE_METHODS:
        return base
    digest = _digest(credentials.access_key)
    if credentials_digest(by_profile) == digest or (
        credentials.method in _CHANGING_METHODS and credentials_digest(by_profile)
    ):
        return by_profile
    for name, values in session.full_config.get("profiles", {}).items():
        if _digest(values.get("aws_access_key_id", "")) == digest:
            return replace(by_profile, profile=name)
    # Keys from the environment or from the user's own session: tasks may have them or not.
    return replace(base, unproven=digest)
