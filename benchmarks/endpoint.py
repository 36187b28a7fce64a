"""An endpoint that only takes its time: it counts the rows of a request, sleeps and answers.

A process of its own on loopback that speaks what a runtime client needs, ``POST
/endpoints/{name}/invocations``, and answers ``DescribeEndpoint`` with InService. The milliseconds
that a request takes are the end of the endpoint's name: `sleep-50` sleeps 50 ms.
"""

from __future__ import annotations

import json
import multiprocessing
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["sleeping_endpoint"]

PREDICTION = b"0.25"


@contextmanager
def sleeping_endpoint() -> Iterator[str]:
    """Run the server and yield its URL."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs,), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(port: Connection) -> None:
    server = _Server(("127.0.0.1", 0), _Handler)
    port.send(server.server_address[1])
    server.serve_forever()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 1 << 20
    wbufsize = -1

    def do_POST(self) -> None:
        body = self._body()
        if not self.path.startswith("/endpoints/"):
            self._answer(json.dumps(_description(json.loads(body))).encode(), "application/json")
            return
        name = self.path.split("/")[2]
        rows = _COUNTS[self.headers["Content-Type"].partition(";")[0]](body)
        time.sleep(int(name.rpartition("-")[2]) / 1000)
        # The predecessor understands the comma alone.
        self._answer(b",".join([PREDICTION] * rows), "text/csv; charset=utf-8")

    def _body(self) -> bytes:
        """Read the body; the predecessor sends chunks, boto3 says the length."""
        if "Content-Length" in self.headers:
            return self.rfile.read(int(self.headers["Content-Length"]))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.read(2)
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-Amzn-Invoked-Production-Variant", "AllRequests")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet: a line a request would be work on the cores that are measured."""


def _description(request: Mapping[str, str]) -> dict[str, Any]:
    name = request.get("EndpointName", "")
    return {
        "EndpointName": name,
        "EndpointArn": f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{name}",
        "EndpointConfigName": name,
        "EndpointStatus": "InService",
        "CreationTime": 0,
        "LastModifiedTime": 0,
    }


def _lines(body: bytes) -> int:
    return body.count(b"\n") + (not body.endswith(b"\n"))


def _records(body: bytes) -> int:
    """Count at little cost, since the cores are shared: dense rows are all of one length."""
    (length,) = struct.unpack_from("<I", body, 4)
    rows, rest = divmod(len(body), 8 + (length + 3) // 4 * 4)
    if not rest and body.count(body[:8]) == rows:
        return rows
    rows = at = 0
    while at < len(body):
        (length,) = struct.unpack_from("<I", body, at + 4)
        at += 8 + (length + 3) // 4 * 4
        rows += 1
    return rows


_COUNTS: dict[str, Callable[[bytes], int]] = {
    "application/x-recordio-protobuf": _records,
    "text/csv": _lines,
    "text/libsvm": _lines,
    "text/x-libsvm": _lines,
}
