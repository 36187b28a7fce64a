"""Numbers to text and back, for LIBSVM and CSV: whole batches at once, by Arrow's kernels."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.payloads import binary_array
from sparkml_sm.formats.protobuf import Bytes
from sparkml_sm.formats.rows import Floats, Offsets

__all__ = [
    "lines",
    "number_texts",
    "numbers",
    "prefixed",
    "row_texts",
    "split_lines",
    "tokens",
]

_LARGEST_WHOLE = 2.0**53
_EMPTY = pa.scalar("", pa.large_string())
_NOTHING = pa.scalar(b"", pa.large_binary())
#: Numbers are looked up where, of about a thousand, fewer than a quarter are distinct.
_SAMPLE, _REPEATED = 1000, 4


def number_texts(values: Floats) -> pa.LargeStringArray:
    """Write each number as the shortest text that reads back to the same 64 bits.

    Whole numbers are written without a fraction ("3", "-0"); NaN is "nan". To write a float costs
    many times as much as to look up its text, and several times as much as to write an integer: so
    where numbers repeat (counts, rounded amounts, zeros) each is written once, and whole numbers
    go as integers.
    """
    kind = pa.large_string()
    sample = values[:: max(1, len(values) // _SAMPLE)]
    if len(np.unique(sample)) * _REPEATED < len(sample):
        # By their bits, so that 0 and -0 stay two numbers.
        coded = pa.array(values.view(np.int64)).dictionary_encode()
        distinct = coded.dictionary.to_numpy().view(np.float64)
        return pa.array(distinct).cast(kind).take(coded.indices)
    if _whole(sample) and _whole(values):
        return pa.array(values.astype(np.int64)).cast(kind)
    return pa.array(values).cast(kind)


def lines(
    leads: list[Floats], mark: str, tokens_: pa.LargeStringArray, offsets: Offsets
) -> pa.LargeBinaryArray:
    """Write each row as one line: leading numbers with a mark between them, then its tokens.

    Parameters
    ----------
    leads : list of float64 arrays
        The columns in front: label, weight. Without any, the first token's separator goes too.
    mark : str
        What separates them.
    tokens_ : array of texts
        The tokens of all rows, each with its own separator in front.
    offsets : int64 array of rows + 1
        Row `i` owns ``tokens_[offsets[i]:offsets[i + 1]]``.
    """
    pieces = [row_texts(tokens_, offsets, bare=not leads)]
    for column in reversed(leads):
        if len(pieces) > 1:
            pieces.insert(0, pa.scalar(mark.encode(), pa.large_binary()))
        pieces.insert(0, number_texts(column).cast(pa.large_binary()))
    ending = pa.scalar(b"\n", pa.large_binary())
    return pc.binary_join_element_wise(*pieces, ending, _NOTHING)


def row_texts(
    tokens_: pa.LargeStringArray, offsets: Offsets, *, bare: bool = False
) -> pa.LargeBinaryArray:
    """Write the tokens of each row as one text.

    Parameters
    ----------
    tokens_ : array of texts
        The tokens of all rows.
    offsets : int64 array of rows + 1
        Row `i` owns ``tokens_[offsets[i]:offsets[i + 1]]``.
    bare : bool, default False
        Whether the first byte of each row, a separator, is left out.
    """
    # The tokens of a row lie one behind the other in memory: they are one text already.
    borders = np.frombuffer(tokens_.buffers()[1], dtype=np.int64)[: len(tokens_) + 1]
    text = tokens_.buffers()[2] if len(tokens_) else b""
    starts = borders[offsets] if len(borders) else offsets
    return _without_first_byte(starts, text) if bare else binary_array(starts, text)


def _without_first_byte(starts: Offsets, text: Any) -> pa.LargeBinaryArray:
    """Give the values between `starts`, each without its first byte where it has one."""
    begins = np.minimum(starts[:-1] + 1, starts[1:])
    borders = np.append(np.column_stack([begins, starts[1:]]).ravel(), starts[-1:])
    return binary_array(borders, text).take(pa.array(np.arange(0, len(borders) - 1, 2)))


def prefixed(prefixes: pa.LargeStringArray, values: Floats) -> pa.LargeStringArray:
    """Write each number behind its prefix."""
    return pc.binary_join_element_wise(prefixes, number_texts(values), _EMPTY)


def _whole(values: Floats) -> bool:
    """Tell whether all are integers that a float holds exactly; -0 and NaN are not."""
    if not (np.abs(values) < _LARGEST_WHOLE).all():
        return False
    return bool((values == np.rint(values)).all() and not np.signbit(values[values == 0]).any())


def split_lines(data: bytes | memoryview) -> list[memoryview]:
    """Cut text into its lines, line breaks included, without copying; blank lines are left out."""
    view = memoryview(data).cast("B")
    content = np.frombuffer(view, dtype=np.uint8)
    borders = line_starts(content).tolist()
    return [
        view[start:stop] for start, stop in pairwise(borders) if bytes(view[start:stop]).strip()
    ]


def line_starts(content: Bytes) -> Offsets:
    """Give where each line begins, and the end of the text."""
    breaks = np.flatnonzero(content == ord("\n")) + 1
    ends = [] if len(breaks) and breaks[-1] == len(content) else [len(content)]
    return np.concatenate([[0], breaks, ends]).astype(np.int64)


def tokens(content: Bytes, starts: Offsets, ends: Offsets) -> pa.LargeStringArray:
    """Give the pieces ``content[starts:ends]``, which stand in order, as texts."""
    borders = np.empty(2 * len(starts), dtype=np.int64)
    borders[0::2], borders[1::2] = starts, ends
    if not len(borders):
        return pa.array([], pa.large_string())
    every_other = pa.array(np.arange(0, len(borders), 2))
    taken = binary_array(borders, content).take(every_other)
    return pa.LargeStringArray.from_buffers(
        len(taken), taken.buffers()[1], taken.buffers()[2], None, 0, 0
    )


def numbers(texts: pa.LargeStringArray, kind: pa.DataType, rows: Offsets, what: str) -> Floats:
    """Read texts as numbers of a kind.

    Parameters
    ----------
    texts : array of texts
    kind : pyarrow type
        ``float64`` or ``int64``.
    rows : int64 array
        The row of each text, for the message.
    what : str
        What the texts are, for the message.

    Raises
    ------
    InvalidDataError
        Naming the first row whose text is no number; the text itself is not repeated.
    """
    try:
        read: Floats = texts.cast(kind).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        row = int(rows[_first_refused(texts, kind)])
        raise InvalidDataError(
            f"row {row}: {what} is not a number; check the separators and the columns of the text"
        ) from None
    return read


def _first_refused(texts: pa.LargeStringArray, kind: pa.DataType) -> int:
    """Halve until the first text that Arrow does not read is alone."""
    low, high = 0, len(texts)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            texts.slice(low, middle - low).cast(kind)
        except pa.ArrowInvalid:
            high = middle
        else:
            low = middle
    return low
