"""Where encoded rows go, and how batches of rows are written there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import pyarrow as pa

from sparkml_sm.formats.payloads import payload
from sparkml_sm.formats.rows import FeatureRows, slice_rows

__all__ = ["BinarySink", "EncodingRowWriter", "RowWriter"]

#: Numbers written at once: the text of a slice stays below about 100 MB.
_MOST_NUMBERS = 1 << 22


class BinarySink(Protocol):
    """Anything that takes bytes: a file, a buffer, a multipart upload."""

    def write(self, data: Any, /) -> Any:
        """Take a bytes-like object; it may be a view that is valid only during the call."""
        ...


class RowWriter(Protocol):
    """Writes batches of rows as one file; it does not close the sink."""

    def write(self, rows: FeatureRows) -> None:
        """Write a batch."""
        ...

    def close(self) -> None:
        """Write what the format keeps for the end."""
        ...


class EncodingRowWriter:
    """Writes a format whose file is its encoded rows one after the other.

    Parameters
    ----------
    encode : function of FeatureRows to an array of bytes
    sink : BinarySink
    dense : bool
        Whether the format writes sparse rows with their zeros: then wide rows are encoded a slice
        at a time.
    """

    def __init__(
        self, encode: Callable[[FeatureRows], pa.LargeBinaryArray], sink: BinarySink, *, dense: bool
    ) -> None:
        self._encode = encode
        self._sink = sink
        self._dense = dense

    def write(self, rows: FeatureRows) -> None:
        """Encode a batch and write it."""
        at_once = max(1, _MOST_NUMBERS // max(1, rows.width) if self._dense else len(rows))
        for start in range(0, len(rows), at_once):
            encoded = self._encode(slice_rows(rows, start, min(start + at_once, len(rows))))
            self._sink.write(payload(encoded, 0, len(encoded)))

    def close(self) -> None:
        """Do nothing: such formats end with their last row."""
