"""RecordIO's frames: magic number, length, payload, padding to four bytes; little endian.

Source: MXNet's RecordIO, without its split records, as SageMaker's libraries write it.
"""

from __future__ import annotations

import struct

import numpy as np

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.protobuf import Bytes
from sparkml_sm.formats.rows import Offsets

__all__ = ["HEADER_BYTES", "LONGEST", "MAGIC", "find_frames", "padding"]

MAGIC = 0xCED7230A
HEADER_BYTES = 8
#: The length's upper three bits mark parts of a split record.
LONGEST = (1 << 29) - 1


def padding(lengths: Offsets) -> Offsets:
    """Give the zero bytes that follow payloads of these lengths."""
    return -lengths & 3


def find_frames(data: Bytes) -> tuple[Offsets, Offsets]:
    """Find begin and end of every payload.

    Every frame begins at a multiple of four, so one comparison over the data finds all magic
    numbers. Where each leads to the next, they are the frames. A payload may hold the magic number
    by chance, as a float: only then the frames are walked one by one.

    Raises
    ------
    InvalidDataError
        If the data is not RecordIO, is cut off, or holds split records.
    """
    if not len(data):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    words = data[: len(data) // 4 * 4].view("<u4")
    starts = np.flatnonzero(words[:-1] == MAGIC)
    lengths = words[starts + 1].astype(np.int64)
    starts *= 4
    ends = starts + HEADER_BYTES + lengths + padding(lengths)
    linked = len(starts) > 0 and starts[0] == 0 and ends[-1] == len(data)
    if not (linked and (ends[:-1] == starts[1:]).all()):
        starts, lengths = _walk(data)
    return starts + HEADER_BYTES, starts + HEADER_BYTES + lengths


def _walk(data: Bytes) -> tuple[Offsets, Offsets]:
    """Go from frame to frame."""
    starts, lengths = [], []
    at, buffer = 0, data.data
    while at < len(data):
        if at + HEADER_BYTES > len(data):
            raise _broken(at, "the header is cut off")
        magic, length = struct.unpack_from("<II", buffer, at)
        if magic != MAGIC:
            raise _broken(at, f"the magic number 0x{MAGIC:08x} is missing")
        if length > LONGEST:
            raise _broken(at, "the record is split in parts, which SageMaker does not use")
        starts.append(at)
        lengths.append(length)
        at += HEADER_BYTES + length + (-length & 3)
        if at > len(data):
            raise _broken(starts[-1], "the record is cut off")
    return np.array(starts, dtype=np.int64), np.array(lengths, dtype=np.int64)


def _broken(at: int, reason: str) -> InvalidDataError:
    return InvalidDataError(
        f"byte {at} begins no RecordIO record: {reason}; check that the data is complete and is "
        "RecordIO (not LIBSVM, CSV or compressed)"
    )
