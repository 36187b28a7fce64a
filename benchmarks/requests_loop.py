"""Scoring without this library: one blocking request at a time in each task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

__all__ = ["LIMIT", "SCHEMA", "Endpoint", "with_our_encoder", "with_pandas"]

LIMIT = 5_242_880
"""Bytes of a request: the predecessor's own limit."""

SCHEMA = "label double, prediction double"


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the server that the environment names."""

    name: str

    def ask(self, client: Any, body: bytes | memoryview, kind: str) -> npt.NDArray[np.float64]:
        """Send one request, wait for the answer, and return one number a row."""
        import numpy as np

        answer = client.invoke_endpoint(
            EndpointName=self.name, ContentType=kind, Accept="text/csv", Body=bytes(body)
        )
        return np.array(answer["Body"].read().split(b","), np.float64)


def with_pandas(
    endpoint: Endpoint,
) -> Callable[[Iterable[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """Return a loop for `mapInPandas`: pandas writes the CSV, boto3 sends it."""

    def score(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        import boto3
        import pandas as pd

        client = boto3.client("sagemaker-runtime")
        for rows in _full_requests(frames):
            body = b"".join(line for _, line in rows)
            yield pd.DataFrame(
                {
                    "label": [label for label, _ in rows],
                    "prediction": endpoint.ask(client, body, "text/csv"),
                }
            )

    return score


def _full_requests(frames: Iterable[pd.DataFrame]) -> Iterator[list[tuple[float, bytes]]]:
    """Fill each request up to the limit with the labels and CSV lines of the rows to come."""
    import numpy as np
    import pandas as pd

    rows: list[tuple[float, bytes]] = []
    size = 0
    for frame in frames:
        matrix = pd.DataFrame(np.stack(frame["features"].to_list()))
        lines = matrix.to_csv(header=False, index=False).encode().splitlines(keepends=True)
        for label, line in zip(frame["label"], lines, strict=True):
            if size + len(line) > LIMIT:
                yield rows
                rows, size = [], 0
            rows.append((label, line))
            size += len(line)
    if rows:
        yield rows


def with_our_encoder(
    endpoint: Endpoint, encoding: str
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the same loop for `mapInArrow` on our columns and our encoder.

    It lacks nothing of ours but the requests in flight.
    """

    def score(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import boto3
        import pyarrow as pa

        from sparkml_sm.formats.registry import FORMATS

        client = boto3.client("sagemaker-runtime")
        kind = FORMATS[encoding].contentType
        for label, body in _full_payloads(batches, encoding):
            prediction = pa.array(endpoint.ask(client, body, kind))
            yield pa.RecordBatch.from_arrays([label, prediction], ["label", "prediction"])

    return score


def _full_payloads(
    batches: Iterable[pa.RecordBatch], encoding: str
) -> Iterator[tuple[pa.Array, bytes]]:
    """Fill each request up to the limit; what a batch leaves over opens the next request."""
    import pyarrow as pa

    from sparkml_sm.formats.arrow import Where, feature_rows
    from sparkml_sm.formats.registry import FORMATS
    from sparkml_sm.inference.payloads import payloads

    encode = FORMATS[encoding].encode
    assert encode is not None
    parts = ["size", "indices", "values"]
    labels = pa.array([], pa.float64())

    def encoded() -> Iterator[pa.LargeBinaryArray]:
        nonlocal labels
        for batch in batches:
            label = batch.column("label")
            labels = pa.concat_arrays([labels, label])
            features = pa.StructArray.from_arrays([batch.column(each) for each in parts], parts)
            yield encode(feature_rows(features, None, None, Where("features")))

    for each in payloads(encoded(), LIMIT):
        yield labels[: each.rows], each.body
        labels = labels[each.rows :]
