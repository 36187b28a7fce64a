"""The HTTP side of a serving container: /ping, /execution-parameters, /invocations.

`SAGEMAKER_BIND_TO_PORT` says where to listen, on loopback. Connections are kept alive and served by
a thread each; SIGTERM ends the process.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

__all__ = ["HttpError", "Model", "serve"]

logger = logging.getLogger(__name__)

_MEBIBYTE = 1 << 20
_LARGEST_LIMIT = 20 * _MEBIBYTE


class HttpError(Exception):
    """A request is answered with this status and text.

    Parameters
    ----------
    status : int
        HTTP status.
    message : str
        The body of the answer.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Model(Protocol):
    """What an algorithm's serving module makes of an artifact."""

    def predict(
        self, body: bytes, content_type: str | None, accept: str | None
    ) -> tuple[bytes, str]:
        """Answer a payload that is not empty: a body and its content type, or `HttpError`."""
        ...


def payload_limit() -> int:
    """Return the bytes that a request may have: `MAX_CONTENT_LENGTH`, else 6 MiB; never over 20."""
    return min(int(os.environ.get("MAX_CONTENT_LENGTH", 6 * _MEBIBYTE)), _LARGEST_LIMIT)


def serve(model: Model) -> None:
    """Answer requests until SIGTERM.

    Parameters
    ----------
    model : Model
        Loaded, and safe to use from several threads.
    """
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    limit = payload_limit()

    class Handler(_Handler):
        served = model
        max_bytes = limit

    server = _Server(("127.0.0.1", port), Handler)

    def stop(_signal: int, _frame: Any) -> None:
        # shutdown() waits for the loop that this handler interrupts: it must run beside it.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    logger.info("serving on 127.0.0.1:%d", server.server_port)
    with server:
        server.serve_forever(poll_interval=0.1)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        error = sys.exception()
        if isinstance(error, ConnectionError | TimeoutError):
            logger.debug("the client went away: %s", error)
        else:
            logger.error("a connection broke", exc_info=error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sparkml_sm"
    sys_version = ""
    disable_nagle_algorithm = True
    # Head and body leave in one packet.
    wbufsize = -1
    # Seconds that an idle connection is kept, a little longer than clients keep theirs.
    timeout = 75
    served: Model
    max_bytes: int

    def do_GET(self) -> None:
        if self.path == "/ping":
            self._answer(HTTPStatus.OK)
        elif self.path == "/execution-parameters":
            parameters = {
                "MaxConcurrentTransforms": os.cpu_count() or 1,
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": self.max_bytes // _MEBIBYTE,
            }
            self._answer(HTTPStatus.OK, json.dumps(parameters).encode(), "application/json")
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > self.max_bytes or self.path != "/invocations":
            # The body is left unread, so this connection cannot carry another request.
            self.close_connection = True
            status = HTTPStatus.NOT_FOUND
            if self.path == "/invocations":
                status = (
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                    if length.isdigit()
                    else HTTPStatus.LENGTH_REQUIRED
                )
            self._answer(status, status.description.encode())
            return
        body = self.rfile.read(int(length))
        if not body:
            self._answer(HTTPStatus.NO_CONTENT)
            return
        self._invoke(body)

    def _invoke(self, body: bytes) -> None:
        try:
            answer, content_type = self.served.predict(
                body, self.headers.get("Content-Type"), self.headers.get("Accept")
            )
        except HttpError as error:
            logger.error("%s", error)
            self._answer(error.status, str(error).encode())
        except Exception:
            logger.exception("the model failed")
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"Internal Server Error")
        else:
            self._answer(HTTPStatus.OK, answer, content_type)

    def _answer(self, status: int, body: bytes = b"", content_type: str = "text/plain") -> None:
        self.send_response(status)
        if body:
            self.send_header("Content-Type", content_type)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002
        # As in the real containers' log, but without the health checks that come every few seconds.
        if self.path != "/ping":
            status = code.value if isinstance(code, HTTPStatus) else code
            logger.info('"%s" %s', self.requestline, status)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        logger.info(format, *arguments)
