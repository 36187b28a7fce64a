"""The local SageMaker: what AWS would do, done on this machine.

A server on loopback that unmodified AWS clients talk to: training jobs, models, endpoints, batch
transform, logs, and a real S3.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sparkml_sm.errors import SparkMLSageMakerError

__all__ = ["LocalSageMaker"]

#: Would lead a client elsewhere, or to other credentials.
_UNSET = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)

#: Some programs read the one, and some the other.
_NO_PROXY = ("NO_PROXY", "no_proxy")

_STOP_SECONDS = 30.0


class LocalSageMaker:
    """A local SageMaker in a process of its own, with `os.environ` set for it while inside.

    On leaving, `os.environ` is as before and every process and file is gone; so they are if this
    process is killed.

    Parameters
    ----------
    invocation_timeout : float, default 60.0
        Seconds that an endpoint's container may take for one request.

    Attributes
    ----------
    environment : dict of str to str
        What is set in `os.environ`; give it to other programs that are to use it.
    credentials_file : Path
        A shared credentials file with the run's keys, readable by the owner alone.
    state_dir : Path
        Everything of the run lies below.

    Raises
    ------
    SparkMLSageMakerError
        The server does not start; its own words are on stderr.

    Examples
    --------
    >>> import boto3
    >>> with LocalSageMaker():  # doctest: +SKIP
    ...     boto3.client("sts").get_caller_identity()["Account"]
    '123456789012'
    """

    def __init__(self, invocation_timeout: float = 60.0) -> None:
        self._invocation_timeout = invocation_timeout
        self._process: subprocess.Popen[str] | None = None
        self._before: dict[str, str | None] = {}
        self._session: Any = None
        self.environment: dict[str, str] = {}
        self.state_dir = Path()

    @property
    def credentials_file(self) -> Path:
        """Path of the shared credentials file."""
        return self.state_dir / "credentials"

    @property
    def region(self) -> str:
        """The region that everything is in."""
        return self.environment["AWS_DEFAULT_REGION"]

    @property
    def endpoints(self) -> Mapping[str, str]:
        """URL of each service, by names such as ``"s3"`` and ``"sagemaker-runtime"``."""
        prefix = "AWS_ENDPOINT_URL_"
        return {
            name.removeprefix(prefix).lower().replace("_", "-"): url
            for name, url in self.environment.items()
            if name.startswith(prefix)
        }

    def __enter__(self) -> Self:
        if self._process is not None:
            raise SparkMLSageMakerError("this LocalSageMaker runs already: make another one")
        self.state_dir = Path(tempfile.mkdtemp(prefix="sparkml-sm-"))
        command = [
            sys.executable,
            "-m",
            "sparkml_sm.local",
            f"--owned={self.state_dir}",
            f"--invocation-timeout={self._invocation_timeout}",
        ]
        source = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for this process; the server ends with it.
        )
        try:
            self.environment = self._read_exports(self._process)
            # botocore reads the endpoint of logs under the service's full name.
            logs = self.environment["AWS_ENDPOINT_URL_LOGS"]
            self.environment["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] = logs
            self.environment |= dict.fromkeys(_NO_PROXY, _no_proxy())
            self._write_credentials()
        except BaseException:
            self._stop()
            raise
        self._before = {name: os.environ.get(name) for name in (*self.environment, *_UNSET)}
        self._session = _swap_default_session(None)
        for name in _UNSET:
            os.environ.pop(name, None)
        os.environ.update(self.environment)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _swap_default_session(self._session)
        self._stop()

    @staticmethod
    def _read_exports(process: subprocess.Popen[str]) -> dict[str, str]:
        exports: dict[str, str] = {}
        assert process.stdout is not None  # noqa: S101
        for line in process.stdout:
            name, _, value = line.strip().removeprefix("export ").partition("=")
            exports[name] = value
            if name == "AWS_SECRET_ACCESS_KEY":  # the last line
                return exports
        raise SparkMLSageMakerError(
            f"the local SageMaker did not start (exit status {process.wait()}): see stderr above"
        )

    def _write_credentials(self) -> None:
        file = self.credentials_file
        file.touch(mode=0o600)
        file.write_text(
            "[default]\n"
            f"aws_access_key_id = {self.environment['AWS_ACCESS_KEY_ID']}\n"
            f"aws_secret_access_key = {self.environment['AWS_SECRET_ACCESS_KEY']}\n",
            encoding="utf-8",
        )
        self.environment["AWS_SHARED_CREDENTIALS_FILE"] = str(file)

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(self.state_dir, ignore_errors=True)


def _no_proxy() -> str:
    """Return the hosts that the user reaches without a proxy, and this machine."""
    listed = ",".join(os.environ.get(name, "") for name in _NO_PROXY).split(",")
    hosts = [host.strip() for host in listed if host.strip()]
    # The star means all hosts only where it stands alone.
    return "*" if "*" in hosts else ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"]))


def _swap_default_session(session: Any) -> Any:
    """Set boto3's default session, which keeps its first credentials; return the old one."""
    boto3 = sys.modules.get("boto3")
    if boto3 is None:
        return None
    before = getattr(boto3, "DEFAULT_SESSION", None)
    vars(boto3)["DEFAULT_SESSION"] = session
    return before
