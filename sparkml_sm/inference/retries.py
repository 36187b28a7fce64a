"""When a request is sent again, and how long to wait before."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from sparkml_sm.aws.calls import error_code

__all__ = ["Backoff", "is_passing"]

_log = logging.getLogger(__name__)

_PASSING_CODES = {
    "InternalDependencyException",
    "InternalFailure",
    "InternalServerException",
    "ModelNotReadyException",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottlingException",
    "TooManyRequestsException",
}
# What a container answers through ModelError; 0 is a time-out between SageMaker and the container.
_PASSING_STATUS = {0, 408, 429, 500, 502, 503, 504}
_LOST = (
    ConnectionClosedError,
    NoConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)


def is_passing(error: Exception) -> bool:
    """Whether the same request may succeed later.

    So it is with throttling, 5xx, a model that is not ready, and a lost connection.
    """
    if isinstance(error, _LOST):
        return True
    if not isinstance(error, ClientError):
        return False
    if error_code(error) == "ModelError":
        return error.response.get("OriginalStatusCode", 500) in _PASSING_STATUS
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error_code(error) in _PASSING_CODES or status == 429 or status >= 500


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter.

    Attributes
    ----------
    attempts : int
        Calls in all.
    first, longest : float
        Bounds in seconds of the first and of any later wait.
    """

    attempts: int = 8
    first: float = 0.2
    longest: float = 20.0

    def call(
        self,
        send: Callable[[], bytes],
        *,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> bytes:
        """Return what `send` returns, calling it again while its errors pass.

        Raises
        ------
        Exception
            The error of the last attempt, or the first one that does not pass.
        """
        for attempt in range(self.attempts - 1):
            try:
                return send()
            except Exception as error:
                if not is_passing(error):
                    raise
                wait = jitter() * min(self.first * 2**attempt, self.longest)
                reason = type(error).__name__
                _log.info("attempt %d failed: %s; next in %.1f s", attempt + 1, reason, wait)
                sleep(wait)
        return send()
