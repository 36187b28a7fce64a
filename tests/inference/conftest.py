"""An endpoint that fails on purpose: what no real one can be ordered to do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sparkml_sm.aws.config import AwsConfig

Fault = Callable[["Handler", int], bool]


@dataclass
class Endpoint:
    """Answers the first number of each CSV line, unless `fault` takes the request.

    Attributes
    ----------
    fault : callable
        Gets the handler and the request's number; True means that it has answered.
    """

    config: AwsConfig
    fault: Fault = lambda _handler, _number: False
    seconds: float = 0.0
    requests: int = 0
    rows: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    """One connection to the endpoint."""

    protocol_version = "HTTP/1.1"
    endpoint: Endpoint
    body: bytes

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        endpoint = self.endpoint
        with endpoint.lock:
            endpoint.requests += 1
            number = endpoint.requests
            endpoint.at_once += 1
            endpoint.most_at_once = max(endpoint.most_at_once, endpoint.at_once)
        time.sleep(endpoint.seconds)
        try:
            if not endpoint.fault(self, number):
                self.score()
        finally:
            with endpoint.lock:
                endpoint.at_once -= 1

    def score(self, extra: int = 0) -> None:
        lines = self.body.decode().splitlines()
        with self.endpoint.lock:
            self.endpoint.rows += lines
        answers = [line.split(",")[0] for line in lines]
        answers = answers[:extra] if extra < 0 else answers + ["0"] * extra
        self.answer(200, "\n".join(answers).encode(), "text/csv")

    def fail(self, status: int, code: str, text: str = "on purpose", **members: object) -> None:
        body = json.dumps({"message": text, "Message": text, **members}).encode()
        self.answer(status, body, "application/json", ("x-amzn-ErrorType", code))

    def model_error(self, status: int) -> None:
        self.fail(424, "ModelError", OriginalStatusCode=status, OriginalMessage="on purpose")

    def drop(self) -> None:
        self.close_connection = True
        self.connection.close()

    def answer(self, status: int, body: bytes, kind: str, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        pass  # a client that was dropped on purpose goes away


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    """An endpoint named anything, on loopback."""
    handler = type("BoundHandler", (Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    credentials = tmp_path / "credentials"
    credentials.write_text("[default]\naws_access_key_id=test\naws_secret_access_key=test\n")
    config = AwsConfig(
        region="eu-west-1",
        profile="default",
        credentials_file=str(credentials),
        endpoints=(("sagemaker-runtime", f"http://127.0.0.1:{server.server_port}"),),
    )
    handler.endpoint = Endpoint(config)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield handler.endpoint  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()
