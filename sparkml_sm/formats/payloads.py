"""Encoded rows as Arrow holds them: one buffer, and where each row begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from sparkml_sm.formats.rows import Offsets

__all__ = ["binary_array", "payload", "row_offsets"]


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


def payload(encoded: pa.LargeBinaryArray, start: int, stop: int) -> memoryview:
    """Give the bytes of rows `start` to `stop` (exclusive) without copying them."""
    offsets = row_offsets(encoded)
    data = encoded.buffers()[2]
    if data is None:
        return memoryview(b"")
    return memoryview(data)[int(offsets[start]) : int(offsets[stop])]


def row_offsets(encoded: pa.LargeBinaryArray) -> Offsets:
    """Give the byte offsets of the rows of a binary array, which may be a slice."""
    if not len(encoded):
        return np.zeros(1, dtype=np.int64)
    offsets: Offsets = np.frombuffer(encoded.buffers()[1], dtype=np.int64)
    return offsets[encoded.offset : encoded.offset + len(encoded) + 1]
