"""Scoring through a real-time endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from sparkml_sm.aws.calls import is_missing, mapped_error
from sparkml_sm.aws.config import AwsConfig
from sparkml_sm.errors import (
    AccessDeniedError,
    CredentialsError,
    InferenceError,
    ResourceNotFoundError,
)
from sparkml_sm.inference.retries import Backoff, is_passing

__all__ = ["RealTimeScorer"]

# InvokeEndpoint takes 6 MB (BodyBlob.max); the predecessor's 5 MiB leave room for a container's own
# limit.
PAYLOAD_BYTES = 5 * 1024 * 1024
# An answer has the same limit: short rows may be answered with more bytes than they are sent with.
ANSWER_BYTES = 6_000_000
IN_FLIGHT = 8
# The service gives the container 60 s; a shorter socket timeout would send what is still being
# answered.
_READ_TIMEOUT = 70


@dataclass(frozen=True, slots=True)
class RealTimeScorer:
    """Sends one payload to an endpoint and returns its answer; pickled into Spark tasks.

    Attributes
    ----------
    config : AwsConfig
    endpoint : str
    content_type, accept : str
        Media types of payload and answer.
    payload_bytes, answer_bytes : int
        The longest payload and answer.
    in_flight : int
        Requests at once in one task.
    backoff : Backoff
    """

    config: AwsConfig
    endpoint: str
    content_type: str
    accept: str
    payload_bytes: int = PAYLOAD_BYTES
    answer_bytes: int = ANSWER_BYTES
    in_flight: int = IN_FLIGHT
    backoff: Backoff = field(default_factory=Backoff)

    def __call__(self, payload: bytes) -> bytes:
        """Return the endpoint's answer to `payload`.

        Raises
        ------
        InferenceError
            If the endpoint refuses the payload, or still fails after all attempts.
        AccessDeniedError, ResourceNotFoundError
            At once.
        """
        client = self.config.client(
            "sagemaker-runtime",
            attempts=1,  # `backoff` counts them: it knows ModelError and 429 as well
            read_timeout=_READ_TIMEOUT,
            max_pool_connections=self.in_flight,
        )

        def send() -> bytes:
            answer = client.invoke_endpoint(
                EndpointName=self.endpoint,
                ContentType=self.content_type,
                Accept=self.accept,
                Body=payload,
            )
            body: bytes = answer["Body"].read()
            return body

        try:
            return self.backoff.call(send)
        except (ClientError, BotoCoreError) as error:
            raise self._failure(error, len(payload)) from error

    def _failure(self, error: Exception, size: int) -> Exception:
        what = f"InvokeEndpoint of endpoint {self.endpoint!r}"
        if is_passing(error):
            what += f" ({self.backoff.attempts} attempts)"
        mapped = mapped_error(error, what, self._hint(error, size))
        if isinstance(mapped, (AccessDeniedError, CredentialsError, ResourceNotFoundError)):
            return mapped
        return InferenceError(str(mapped))

    def _hint(self, error: Exception, size: int) -> str:
        if is_passing(error):
            return "see the endpoint's log; more instances take more requests"
        if not isinstance(error, ClientError):
            return ""
        if is_missing(error):
            return "deploy the model again, or name an endpoint that is in service"
        status = error.response.get("OriginalStatusCode")
        if 413 in {status, error.response["ResponseMetadata"].get("HTTPStatusCode")}:
            return f"the payload of {size} bytes is too long for the endpoint"
        if status in {400, 415}:
            return f"the container cannot read the {self.content_type} that was sent"
        return ""
