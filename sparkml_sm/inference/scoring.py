"""What one task of a transform does: several requests in flight, answers in the rows' order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import pyarrow as pa

from sparkml_sm.errors import InferenceError
from sparkml_sm.formats.arrow import Where, first_width
from sparkml_sm.inference.deserializers import ResponseRowDeserializer
from sparkml_sm.inference.deserializers.base import positive
from sparkml_sm.inference.payloads import Payload, binary_rows, bodies
from sparkml_sm.inference.serializers import RequestRowSerializer
from sparkml_sm.staging.partitions import partition_id

__all__ = ["PartitionScorer", "Scorer"]


class Scorer(Protocol):
    """Sends one payload and returns its answer: the seam between rows and a way of inference."""

    @property
    def payload_bytes(self) -> int:
        """The longest payload."""

    @property
    def answer_bytes(self) -> int:
        """The longest answer."""

    @property
    def in_flight(self) -> int:
        """Requests at once in one task."""

    def __call__(self, payload: bytes) -> bytes:
        """Return the answer to `payload`."""


@dataclass(frozen=True, slots=True)
class PartitionScorer:
    """Scores the batches of one partition; picklable, and made of values alone.

    Attributes
    ----------
    serializer : RequestRowSerializer
    deserializer : ResponseRowDeserializer
    scorer : Scorer
    """

    serializer: RequestRowSerializer
    deserializer: ResponseRowDeserializer
    scorer: Scorer

    def __call__(self, batches: Iterable[pa.Array]) -> Iterator[list[pa.Array]]:
        """Yield the answers to all rows of `batches`, in order; borders of batches are not kept."""
        deserializer = self.deserializer
        most_rows = _most_rows(deserializer, self.scorer.answer_bytes)
        requests = bodies(
            self.serializer, self._encoded(batches), self.scorer.payload_bytes, most_rows
        )
        for payload, answer in _in_flight(requests, self.scorer, self.scorer.in_flight):
            if len(answer) > self.scorer.answer_bytes:
                raise InferenceError(
                    f"the answer to {payload.rows} rows has {len(answer)} bytes and an endpoint "
                    f"gives at most {self.scorer.answer_bytes}: pass bytesPerRow="
                    f"{-(-len(answer) // payload.rows)} to {type(deserializer).__name__}, or set "
                    "it in your own, so that fewer rows are sent at once"
                )
            yield deserializer.columns(answer, payload.rows)

    def _encoded(self, batches: Iterable[pa.Array]) -> Iterator[pa.LargeBinaryArray]:
        features = getattr(self.serializer, "featuresColumnName", "features")
        where = Where(str(features), None, None, partition=partition_id())
        first = 0
        for batch in batches:
            if where.width is None:  # of the first row: all of the partition have as many features
                where = replace(where, width=first_width(batch))
            rows = self.serializer.encode(batch, replace(where, firstRow=first))
            yield binary_rows(rows, len(batch), self.serializer)
            first += len(batch)


def _most_rows(deserializer: ResponseRowDeserializer, answer_bytes: int) -> int:
    """Return the most rows whose answers fit in `answer_bytes`."""
    most = max(1, answer_bytes // positive(deserializer.bytesPerRow, "bytesPerRow"))
    if deserializer.rowsPerRequest is None:
        return most
    return min(most, positive(deserializer.rowsPerRequest, "rowsPerRequest"))


def _in_flight(
    bodies: Iterable[Payload], send: Callable[[bytes], bytes], limit: int
) -> Iterator[tuple[Payload, bytes]]:
    # At most `limit` payloads are in memory: Spark would let the iterator read its whole partition
    # ahead.
    waiting: deque[tuple[Payload, Future[bytes]]] = deque()
    pool = ThreadPoolExecutor(limit, thread_name_prefix="sparkml_sm-request")
    try:
        for body in bodies:
            if len(waiting) == limit:
                sent, answer = waiting.popleft()
                yield sent, answer.result()
            waiting.append((body, pool.submit(send, body.body)))
        for sent, answer in waiting:
            yield sent, answer.result()
    finally:
        # Also when Spark has enough rows and closes the iterator: what was not sent yet is not sent
        # at all.
        pool.shutdown(wait=False, cancel_futures=True)
