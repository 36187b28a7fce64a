"""Protocol Buffers' wire format, for many messages at once.

All messages of a batch are read in lockstep: one step reads the next field of every message that
still has one. There are as many steps as the longest message has fields, however many messages.

Source of the rules: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.payloads import binary_array, payload
from sparkml_sm.formats.rows import Offsets

__all__ = [
    "FIXED32",
    "FIXED64",
    "LENGTH",
    "VARINT",
    "Fields",
    "gather",
    "packed_varints",
    "pieces",
    "read_varints",
    "steps",
    "varint_bytes",
    "varint_size",
]

Bytes = npt.NDArray[np.uint8]

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10
_NO_PIECES = pa.array([], pa.large_binary())


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields of several messages, at most one of each message where they come from one step.

    Attributes
    ----------
    owner : int64 array
        Which message each field belongs to.
    number, wire : int64 array
        Field number and wire type.
    begin, end : int64 array
        Where the field's content lies in the data: after the tag and the length.
    """

    owner: Offsets
    number: Offsets
    wire: Offsets
    begin: Offsets
    end: Offsets

    def where(self, chosen: npt.NDArray[np.bool_]) -> Fields:
        """Keep some of the fields."""
        return Fields(
            self.owner[chosen],
            self.number[chosen],
            self.wire[chosen],
            self.begin[chosen],
            self.end[chosen],
        )


def steps(data: Bytes, begin: Offsets, end: Offsets) -> Iterator[Fields]:
    """Read the messages at ``data[begin:end]``, one field of each message a step.

    Raises
    ------
    InvalidDataError
        If a field reaches beyond its message or is of a wire type that is out of use (groups).
    """
    owner = np.flatnonzero(begin < end)
    at, stop = begin[owner], end[owner]
    while len(owner):
        tag, at = _varint_at(data, at, stop)
        wire = tag & 7
        length, first = _extent(data, at, stop, wire)
        last = first + length
        # A hostile length may be so large that the sum wraps round.
        if (length < 0).any() or (last > stop).any():
            raise _malformed("a field reaches beyond its message")
        yield Fields(owner, tag >> 3, wire, first, last)
        more = last < stop
        owner, at, stop = owner[more], last[more], stop[more]


def pieces(data: Bytes, begin: Offsets, end: Offsets) -> pa.LargeBinaryArray:
    """Copy the pieces ``data[begin:end]``, one after the other.

    To Arrow, the pieces and the gaps between them are one array of binary values, of which it takes
    every other: one block copy a piece, no index a byte.
    """
    if (begin[1:] < end[:-1]).any():
        order = np.argsort(begin, kind="stable")
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return pieces(data, begin[order], end[order]).take(pa.array(back))
    borders = np.empty(2 * len(begin), dtype=np.int64)
    borders[0::2], borders[1::2] = begin, end
    every_other = np.arange(0, len(borders), 2)
    return binary_array(borders, data).take(pa.array(every_other)) if len(begin) else _NO_PIECES


def gather(data: Bytes, begin: Offsets, end: Offsets) -> Bytes:
    """Copy the pieces ``data[begin:end]``, one after the other, as bytes."""
    copied = pieces(data, begin, end)
    return np.frombuffer(payload(copied, 0, len(copied)), dtype=np.uint8)


def read_varints(
    data: Bytes, begin: Offsets, end: Offsets
) -> tuple[npt.NDArray[np.int64], Offsets]:
    """Read the varints that fill the pieces ``data[begin:end]``.

    Returns
    -------
    values : int64 array
        The numbers of all pieces, one piece after the other, as 64 bits in two's complement.
    counts : int64 array
        How many numbers each piece holds.
    """
    content = gather(data, begin, end)
    borders = np.cumsum(end - begin)
    last = content < 128
    if not last[borders[end > begin] - 1].all():
        raise _malformed("a number is cut off")
    ends = np.flatnonzero(last)
    counts = np.diff(np.searchsorted(ends, borders), prepend=0)
    if len(ends) == len(content):
        return content.astype(np.int64), counts
    sizes = np.diff(ends, prepend=-1)
    return _numbers(content, ends + 1 - sizes, sizes), counts


def varint_size(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give the bytes that each number (0 or more) takes as a varint."""
    sizes = np.ones(numbers.shape, dtype=np.int64)
    limit = 128
    while (more := numbers >= limit).any():
        sizes += more
        limit <<= 7
    return sizes


def varint_bytes(number: int) -> bytes:
    """Encode one number, 0 or more."""
    result = bytearray()
    while number > 127:
        result.append(number & 127 | 128)
        number >>= 7
    result.append(number)
    return bytes(result)


def packed_varints(numbers: npt.NDArray[np.int32], size: int) -> Bytes:
    """Encode numbers that all take `size` bytes.

    Two bytes are made at a time in 16-bit arithmetic and stored by stride: several times faster
    than byte by byte.
    """
    pairs, odd = divmod(size, 2)
    columns = [(f"pair{each}", "<u2") for each in range(pairs)] + [("last", "u1")] * odd
    out = np.empty(len(numbers), dtype=columns)
    for each in range(pairs):
        bits = (numbers >> (14 * each)).astype(np.uint16)
        low = bits & np.uint16(0x7F)
        bits <<= np.uint16(1)
        bits &= np.uint16(0x7F00)
        bits |= low
        bits |= np.uint16(0x8080 if 2 * each + 2 < size else 0x0080)
        out[f"pair{each}"] = bits
    if odd:
        out["last"] = numbers >> (7 * (size - 1))
    return out.view(np.uint8)


def _numbers(content: Bytes, starts: Offsets, sizes: Offsets) -> npt.NDArray[np.int64]:
    """Read varints of known sizes: 4 or 8 bytes from each start at once, squeezed by shifts."""
    window = 4 if sizes.max() <= 4 else 8
    padded = np.zeros(len(content) + window, dtype=np.uint8)
    padded[: len(content)] = content
    item = np.dtype(f"<u{window}")
    view = np.ndarray((len(content),), dtype=item, buffer=padded, strides=(1,))
    # What belongs to the number: the seven low bits of each of its bytes.
    sevens = np.array(
        [int.from_bytes(b"\x7f" * size, "little") for size in range(window + 1)], dtype=item
    )
    bits = view[starts] & sevens[np.minimum(sizes, window)]
    values = bits & item.type(0x7F)
    for byte in range(1, window):
        values |= (bits >> item.type(byte)) & item.type(0x7F << (7 * byte))
    result: npt.NDArray[np.int64] = values.astype(np.int64)
    longer = np.flatnonzero(sizes > window)
    for byte in range(window, _LONGEST_VARINT):
        result[longer] |= (content[starts[longer] + byte] & 127).astype(np.int64) << (7 * byte)
        longer = longer[sizes[longer] > byte + 1]
    if len(longer):
        raise _malformed("a number takes more than ten bytes")
    return result


def _varint_at(data: Bytes, at: Offsets, stop: Offsets) -> tuple[Offsets, Offsets]:
    """Read one varint at each place; give the numbers and the places behind them."""
    if (at >= stop).any():
        raise _malformed("a number is cut off")
    first = data[at]
    value = (first & 127).astype(np.int64)
    behind = at + 1
    longer = np.flatnonzero(first > 127)
    for shift in range(1, _LONGEST_VARINT):
        if not len(longer):
            break
        if (behind[longer] >= stop[longer]).any():
            raise _malformed("a number is cut off")
        byte = data[behind[longer]]
        value[longer] |= (byte & 127).astype(np.int64) << (7 * shift)
        behind[longer] += 1
        longer = longer[byte > 127]
    if len(longer):
        raise _malformed("a number takes more than ten bytes")
    return value, behind


def _extent(data: Bytes, at: Offsets, stop: Offsets, wire: Offsets) -> tuple[Offsets, Offsets]:
    """Give length and beginning of the content behind each tag."""
    if (wire == LENGTH).all():
        return _varint_at(data, at, stop)
    length, first = np.zeros_like(at), at.copy()
    for kind in np.unique(wire):
        here = np.flatnonzero(wire == kind)
        if kind == LENGTH:
            length[here], first[here] = _varint_at(data, at[here], stop[here])
        elif kind == VARINT:
            length[here] = _varint_at(data, at[here], stop[here])[1] - at[here]
        elif kind == FIXED64:
            length[here] = 8
        elif kind == FIXED32:
            length[here] = 4
        else:
            raise _malformed(f"wire type {kind} is not in use")
    return length, first


def _malformed(reason: str) -> InvalidDataError:
    return InvalidDataError(
        f"the bytes are not Protocol Buffers records: {reason}; check that the data is complete "
        "and is RecordIO"
    )
