"""Cut encoded rows into request bodies and parts of an object."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.rows import Offsets

__all__ = ["binary_array", "cut", "payload"]


def binary_array(offsets: Offsets, data: Any) -> pa.LargeBinaryArray:
    """Let Arrow see `data` as one binary value between each two `offsets`; nothing is copied.

    Parameters
    ----------
    offsets : int64 array of values + 1
        In bytes.
    data : contiguous array or Arrow buffer
        Kept alive by the result.
    """
    body = data if isinstance(data, pa.Buffer) else pa.py_buffer(data)
    starts = pa.py_buffer(np.ascontiguousarray(offsets, dtype=np.int64))
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, starts, body]
    )


def cut(encoded: pa.LargeBinaryArray, limit_bytes: int) -> list[tuple[int, int]]:
    """Cut encoded rows into the fewest consecutive ranges of at most `limit_bytes` each.

    Returns
    -------
    list of (start, stop)
        Row ranges, `stop` exclusive, that cover all rows in order; none for no rows.

    Raises
    ------
    InvalidDataError
        If one row alone is larger than the limit.

    Examples
    --------
    >>> cut(pa.array([b"123", b"45", b"6789"], pa.large_binary()), limit_bytes=6)
    [(0, 2), (2, 3)]
    """
    offsets = _offsets(encoded)
    ranges = []
    start = 0
    while start < len(encoded):
        fitting = np.searchsorted(offsets, offsets[start] + limit_bytes, side="right") - 1
        # Empty rows share an offset: the search gives the last of them, never one before `start`.
        if fitting == start:
            size = int(offsets[start + 1] - offsets[start])
            raise InvalidDataError(
                f"row {start} of the batch takes {size:,} bytes and one payload may have "
                f"{limit_bytes:,}: use a more compact format (RecordIO, sparse vectors) or fewer "
                "features"
            )
        ranges.append((start, int(fitting)))
        start = int(fitting)
    return ranges


def payload(encoded: pa.LargeBinaryArray, start: int, stop: int) -> memoryview:
    """Give the bytes of rows `start` to `stop` (exclusive) without copying them."""
    offsets = _offsets(encoded)
    data = encoded.buffers()[2]
    if data is None:
        return memoryview(b"")
    return memoryview(data)[int(offsets[start]) : int(offsets[stop])]


def _offsets(encoded: pa.LargeBinaryArray) -> Offsets:
    """Read the byte offsets of a binary array, which may be a slice."""
    if not len(encoded):
        return np.zeros(1, dtype=np.int64)
    offsets: Offsets = np.frombuffer(encoded.buffers()[1], dtype=np.int64)
    return offsets[encoded.offset : encoded.offset + len(encoded) + 1]
