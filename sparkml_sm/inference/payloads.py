"""Encoded rows packed into payloads, across the borders of Arrow batches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.payloads import payload, row_offsets
from sparkml_sm.inference.serializers.base import RequestRowSerializer

__all__ = ["Payload", "binary_rows", "bodies", "payloads"]

_NOTHING = pa.scalar(b"", pa.large_binary())


@dataclass(frozen=True, slots=True)
class Payload:
    """The body of one request.

    Attributes
    ----------
    body : bytes
    rows : int
        How many rows it holds.
    """

    body: bytes
    rows: int


def bodies(
    serializer: RequestRowSerializer,
    encoded: Iterable[pa.LargeBinaryArray],
    limit: int,
    most_rows: int = sys.maxsize,
) -> Iterator[Payload]:
    """Pack rows, in order, into the bodies that `serializer` makes of them.

    Parameters
    ----------
    serializer : RequestRowSerializer
        Says what stands around the rows, and how many a body may hold.
    encoded : iterable of pyarrow.LargeBinaryArray
        Rows as bytes.
    limit : int
        Bytes of a body.
    most_rows : int, optional
        Rows of a body.

    Raises
    ------
    InvalidDataError
        If one row alone is longer than `limit`.
    """
    separator = serializer.separator
    if separator:
        mark = pa.scalar(separator, pa.large_binary())
        encoded = (pc.binary_join_element_wise(rows, mark, _NOTHING) for rows in encoded)
    most_rows = min(most_rows, serializer.rowsPerRequest or most_rows)
    for packed in payloads(encoded, limit, most_rows, serializer.overhead):
        rows = packed.body[: -len(separator)] if separator else packed.body
        yield Payload(serializer.body(rows, packed.rows), packed.rows)


def binary_rows(
    rows: pa.Array | Sequence[bytes], count: int, serializer: RequestRowSerializer
) -> pa.LargeBinaryArray:
    """See what a serializer gave for `count` rows as Arrow's binary values.

    Raises
    ------
    InvalidDataError
        If it gave what is no bytes, another number of rows, or a null.
    """
    kind = pa.large_binary()
    try:
        if isinstance(rows, pa.ChunkedArray):
            rows = rows.combine_chunks()
        array = rows if isinstance(rows, pa.Array) else pa.array(rows, kind)
        array = array if array.type == kind else array.cast(kind)
    except (pa.ArrowException, TypeError) as error:
        found = rows.type if isinstance(rows, pa.Array) else type(rows).__name__
        raise InvalidDataError(
            f"{type(serializer).__name__}.encode gave {found}, which is no bytes: it must give "
            "bytes for each row"
        ) from error
    if len(array) != count or array.null_count:
        raise InvalidDataError(
            f"{type(serializer).__name__}.encode gave {len(array)} rows, {array.null_count} of "
            f"them null, for {count}: it must give bytes for each row"
        )
    return array


def payloads(
    encoded: Iterable[pa.LargeBinaryArray],
    limit: int,
    most_rows: int = sys.maxsize,
    overhead: Callable[[int], int] | None = None,
) -> Iterator[Payload]:
    """Pack rows, in order, into bodies of at most `limit` bytes and `most_rows` rows.

    What is left of a batch goes in front of the next one: a short request costs as much time as a
    full one.

    Parameters
    ----------
    encoded : iterable of pyarrow.LargeBinaryArray
        Rows as bytes.
    limit : int
        Bytes of a body.
    most_rows : int, optional
        Rows of a body: answers have a limit of their own.
    overhead : function of int to int, optional
        Bytes of a body that are not rows, by the bytes of the first row.

    Raises
    ------
    InvalidDataError
        If one row alone is longer than `limit`.
    """
    pieces: list[memoryview] = []
    held = rows = sent = 0
    for batch in encoded:
        ends = row_offsets(batch)
        if overhead is not None and len(batch):
            limit, overhead = limit - overhead(int(ends[1] - ends[0])), None
        start = 0
        while start < len(batch):
            stop = int(np.searchsorted(ends, ends[start] + limit - held, side="right")) - 1
            stop = min(stop, start + most_rows - rows)
            if stop > start:
                pieces.append(payload(batch, start, stop))
                held += int(ends[stop] - ends[start])
                rows += stop - start
                start = stop
            elif rows:
                yield Payload(b"".join(pieces), rows)
                sent += rows
                pieces, held, rows = [], 0, 0
            else:
                raise InvalidDataError(
                    f"row {sent} of the partition is {ends[start + 1] - ends[start]} bytes as a "
                    f"request and the endpoint takes {limit}: send fewer features, or use a "
                    "denser format"
                )
    if rows:
        yield Payload(b"".join(pieces), rows)
