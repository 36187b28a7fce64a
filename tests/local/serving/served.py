"""A serving process on a port of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Answer", "Server", "free_port", "serving"]


@dataclass
class Answer:
    status: int
    body: bytes
    contentType: str | None

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Server:
    port: int
    process: subprocess.Popen[bytes]

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        *,
        connection: http.client.HTTPConnection | None = None,
        **headers: str,
    ) -> Answer:
        """One request; `Content_Type` and such become headers."""
        through = connection or self.connect()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        through.request(method, path, body, named)
        response = through.getresponse()
        answer = Answer(response.status, response.read(), response.getheader("Content-Type"))
        if connection is None:
            through.close()
        return answer

    def invoke(self, body: bytes | str, content_type: str = "text/csv", **headers: str) -> Answer:
        return self.ask("POST", "/invocations", body, Content_Type=content_type, **headers)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(base: Path, **environment: str) -> Iterator[Server]:
    """The server of the model below `base`, once it answers /ping."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "sparkml_sm.local.serving", "xgboost"],
        env={
            **os.environ,
            "SAGEMAKER_BASE_DIR": str(base),
            "SAGEMAKER_BIND_TO_PORT": str(port),
            **environment,
        },
    )
    server = Server(port, process)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                assert server.ask("GET", "/ping").status == 200
                break
            except ConnectionError:
                assert process.poll() is None, "the server ended"
                assert time.monotonic() < deadline
                time.sleep(0.02)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)
