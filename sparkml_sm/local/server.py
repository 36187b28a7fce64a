"""The HTTP edge: loopback only, connections kept alive, a thread each."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from sparkml_sm.local.protocol import HttpRequest, HttpResponse

__all__ = ["HttpServer"]

logger = logging.getLogger(__name__)

#: No operation takes a larger body; it is read and thrown away, so that the client reads on.
_MAX_BODY = 64 * 2**20

_CHUNK = 2**20
_LINE = 2**16
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_TOO_LONG = HttpResponse(413, body=b'{"message": "HTTP content length exceeded 67108864 bytes."}')


class HttpServer(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1.

    Parameters
    ----------
    handle : callable
        Makes a response of a request; must not raise.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handle: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.handle_http = handle

    @property
    def endpoint(self) -> str:
        """The server's URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log; a client that goes away is no fault of ours."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            logger.error("a connection failed", exc_info=error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sparkml-sm-local"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    timeout = 300
    server: HttpServer

    def _answer(self) -> None:
        body = self._read_body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.server.handle_http(HttpRequest(self.command, path, query, headers, body)))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _answer

    def _read_body(self) -> bytes | None:
        """Return the body, or answer and return None."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            return self._read_chunked_body()
        if not length.isdecimal():
            self._hang_up(HttpResponse(411, body=b'{"message": "Content-Length is needed."}'))
            return None
        remaining = int(length)
        refused = self._refusal(remaining)
        if refused is None:
            return self.rfile.read(remaining)
        while remaining > 0 and (chunk := self.rfile.read(min(remaining, _CHUNK))):
            remaining -= len(chunk)
        self._send(refused)
        return None

    def _read_chunked_body(self) -> bytes | None:
        """Return the body of a client that does not say its length, as AWS's Java SDK."""
        refused = self._refusal(0)
        if refused is not None:
            self._hang_up(refused)
            return None
        body = bytearray()
        try:
            while size := int(self.rfile.readline(_LINE).partition(b";")[0], 16):
                if size < 0 or len(body) + size > _MAX_BODY:
                    self._hang_up(_TOO_LONG)
                    return None
                body += self.rfile.read(size)
                self.rfile.readline(_LINE)
        except ValueError:
            self._hang_up(HttpResponse(400, body=b'{"message": "The chunks are broken."}'))
            return None
        while self.rfile.readline(_LINE).strip():
            pass  # trailers
        return bytes(body)

    def _hang_up(self, response: HttpResponse) -> None:
        """Answer, and take no further request: what is left of this one's body is not read."""
        self.close_connection = True
        self._send(response)

    def _refusal(self, length: int) -> HttpResponse | None:
        if not _is_local(self.headers.get("Host", "")) or "Origin" in self.headers:
            # A page in a browser, or a name that somebody pointed at this machine.
            return HttpResponse(
                403, body=b'{"message": "Only local clients may call this server."}'
            )
        return _TOO_LONG if length > _MAX_BODY else None

    def _send(self, response: HttpResponse) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        logger.debug(format, *args)


def _is_local(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in _LOOPBACK
    except ValueError:
        return False
