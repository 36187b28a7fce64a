"""RecordIO data that comes in chunks, cut so that no record is torn.

A record's end is told by its own length, and a payload may hold any bytes: records can be followed
from the beginning of a file, and cannot be found from the middle of it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import numpy as np

from sparkml_sm.formats.frames import HEADER_BYTES, LONGEST, MAGIC, padding

__all__ = ["whole_records"]


def whole_records(chunks: Iterable[bytes]) -> Iterator[memoryview]:
    """Join and cut `chunks` into pieces that each hold whole framed records.

    Parameters
    ----------
    chunks : iterable of bytes
        The data of one file, in order; of any lengths.

    Yields
    ------
    memoryview
        Whole records. Where the data is no RecordIO from some byte on, or ends within a record,
        that byte begins the last piece, and a decoder tells what is wrong with it.
    """
    held: list[bytes] = []
    size = wanted = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size < wanted:  # the chunk is a part of one long record
            continue
        data = memoryview(b"".join(held))
        whole, wanted = _whole(data)
        if whole:
            yield data[:whole]
        rest = data[whole:]
        if not wanted:
            if rest:
                yield rest
            return
        held, size = [rest.tobytes()], len(rest)
    if size:
        yield memoryview(b"".join(held))


def _whole(data: memoryview) -> tuple[int, int]:
    """Give the bytes of the whole records, and those that the next record needs; 0 if it is none.

    As in `find_frames`, one comparison over the data finds all magic numbers, and mostly they are
    the records' own.
    """
    words = np.frombuffer(data, "<u4", len(data) // 4)
    starts = np.flatnonzero(words[:-1] == MAGIC)
    lengths = words[starts + 1].astype(np.int64)
    starts *= 4
    ends = starts + HEADER_BYTES + lengths + padding(lengths)
    linked = len(starts) and starts[0] == 0 and lengths.max() <= LONGEST
    if linked and (ends[:-1] == starts[1:]).all():
        at = int(ends[-1] if ends[-1] <= len(data) else starts[-1])
        return at, _wanted(data, at)
    at = 0
    while 0 < (wanted := _wanted(data, at)) <= len(data) - at:
        at += wanted
    return at, wanted


def _wanted(data: memoryview, at: int) -> int:
    """Give the bytes of the record that begins at `at`, as far as its header tells; 0 if none."""
    if len(data) - at < HEADER_BYTES:
        return HEADER_BYTES
    magic, length = struct.unpack_from("<II", data, at)
    if magic != MAGIC or length > LONGEST:
        return 0
    return HEADER_BYTES + int(length) + (-int(length) & 3)
