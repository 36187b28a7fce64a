"""Encoded rows packed into payloads, across the borders of Arrow batches."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.payloads import payload, row_offsets

__all__ = ["Payload", "payloads"]


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


def payloads(
    encoded: Iterable[pa.LargeBinaryArray], limit: int, most_rows: int = sys.maxsize
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

    Raises
    ------
    InvalidDataError
        If one row alone is longer than `limit`.
    """
    pieces: list[memoryview] = []
    held = rows = sent = 0
    for batch in encoded:
        ends = row_offsets(batch)
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
