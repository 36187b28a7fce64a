"""A model being served: its artifact on disk, its container, and pooled connections to it."""

from __future__ import annotations

import http.client
import logging
import queue
import shutil
import socket
import tarfile
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkml_sm.errors import ConfigurationError, SparkMLSageMakerError
from sparkml_sm.local.channels import SourceObject, download, find_objects, split_uri
from sparkml_sm.local.containers import Container, algorithm_of, serving_command
from sparkml_sm.local.site import Site

__all__ = ["Host", "HostError", "Reply"]

logger = logging.getLogger(__name__)

#: SageMaker waits this long for the first good ping, where the variant does not say.
STARTUP_SECONDS = 240.0

#: A container that is told to stop has this long.
STOP_SECONDS = 30.0

_HOST = "127.0.0.1"
_PING_SECONDS = 2.0


class HostError(SparkMLSageMakerError):
    """A container cannot be started, or does not answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A container's answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Host:
    """One instance that serves one model.

    Parameters
    ----------
    site : Site
    definition : mapping
        The model's ContainerDefinition.
    directory : Path
        Its own; removed by `close`.
    on_line : callable
        Given each line that the container prints.
    environment : mapping, optional
        Added to the model's.
    """

    def __init__(
        self,
        site: Site,
        definition: Mapping[str, Any],
        directory: Path,
        on_line: Callable[[str], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._site = site
        self._definition = definition
        self._directory = directory
        self._on_line = on_line
        self._environment = {**definition.get("Environment", {}), **(environment or {})}
        self._container: Container | None = None
        self._port = 0
        self._idle: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()

    def start(self, variant: str = "AllTraffic", timeout: float = STARTUP_SECONDS) -> None:
        """Fetch the model, start the container, wait for its first good ping.

        Raises
        ------
        HostError
            With SageMaker's reason.
        """
        try:
            algorithm = algorithm_of(self._definition["Image"])
            self._fetch()
        except (ConfigurationError, tarfile.TarError, zlib.error, EOFError, OSError) as error:
            raise HostError(f"Failed to load the model data or image: {error}") from error
        with socket.socket() as probe:
            probe.bind((_HOST, 0))
            self._port = probe.getsockname()[1]
        self._container = Container(
            self._site,
            serving_command(algorithm),
            self._directory,
            self._environment | {"SAGEMAKER_BIND_TO_PORT": str(self._port)},
            self._on_line,
        )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self._container.poll() is None:
            if self._pings():
                return
            time.sleep(0.02)
        raise HostError(
            f"The primary container for production variant {variant} did not pass the ping health "
            "check. Please check CloudWatch logs for this endpoint."
        )

    def send(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> Reply:
        """Send a request over a connection that is kept.

        Raises
        ------
        TimeoutError
            No answer within `timeout` seconds.
        HostError
            The container is gone, or broke the connection off.
        """
        while True:
            try:
                connection, used = self._idle.get_nowait(), True
            except queue.Empty:
                connection, used = http.client.HTTPConnection(_HOST, self._port), False
            try:
                reply = _exchange(connection, method, path, body, headers, timeout)
            except TimeoutError:
                connection.close()
                raise
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if used:
                    continue  # the container closed an idle connection
                raise HostError(f"the container broke the connection off: {error}") from error
            if connection.sock is not None:
                self._idle.put(connection)
            return reply

    def close(self, grace: float = STOP_SECONDS) -> None:
        """End the container and delete its directory."""
        while not self._idle.empty():
            self._idle.get_nowait().close()
        if self._container is not None:
            self._container.stop(grace)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _pings(self) -> bool:
        try:
            return self.send("GET", "/ping", b"", {}, _PING_SECONDS).status == http.client.OK
        except (TimeoutError, HostError):
            return False

    def _fetch(self) -> None:
        model = self._directory / "opt" / "ml" / "model"
        model.mkdir(parents=True)
        source = self._definition.get("ModelDataSource", {}).get("S3DataSource", {})
        uri = self._definition.get("ModelDataUrl") or source.get("S3Uri")
        if uri is None:
            return
        if source.get("CompressionType") == "None":
            objects = find_objects(self._site.s3, source | {"S3DataType": "S3Prefix"})
            download(self._site.s3, objects, model, lambda: False)
            return
        bucket, key = split_uri(uri)
        download(
            self._site.s3,
            [SourceObject(bucket, key, "model.tar.gz")],
            self._directory,
            lambda: False,
        )
        archive = self._directory / "model.tar.gz"
        with tarfile.open(archive) as tar:
            tar.extractall(model, filter="data")  # refuses members that lead out of the directory
        archive.unlink()


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout: float,
) -> Reply:
    if connection.sock is None:
        connection.connect()
    connection.sock.settimeout(timeout)
    try:
        connection.request(
            method, path, body=body if method == "POST" else None, headers=dict(headers)
        )
    except (BrokenPipeError, ConnectionResetError):
        # It may have refused the request before it had read all of it.
        logger.debug("the container stopped reading a request")
    response = connection.getresponse()
    return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
