r"""LIBSVM text: ``[label[:weight]] index:value index:value ...``, one line a row.

Indices are always 1-based: XGBoost's container guesses the base from the smallest index that it
meets in a payload, and only a writer that never uses 0 is never guessed wrong. Dense rows write
their zeros, which XGBoost tells from absent values. A feature that is NaN is left out: absent is
how LIBSVM says missing, and XGBoost 3.2 refuses a file that says "nan". All other numbers read back
to the same 64 bits.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.protobuf import Bytes
from sparkml_sm.formats.rows import FeatureRows, Offsets, offsets_of, positions
from sparkml_sm.formats.text import line_starts, lines, numbers, prefixed, split_lines, tokens

__all__ = ["decode", "encode", "read_width", "split"]

#: The table of a width holds about 20 bytes a feature; of wider rows only the indices in use.
_WIDEST_TABLE = 1 << 18

split = split_lines


def encode(rows: FeatureRows, width: int | None = None) -> pa.LargeBinaryArray:
    r"""Encode each row as a line that ends in ``\n``.

    Parameters
    ----------
    rows : FeatureRows
        Dense, sparse or mixed. Without label, a line begins with its first pair; most readers,
        XGBoost among them, then take that pair for ``label:weight``.
    width : int, optional
        Leave out the features from this position on, for a reader that refuses more than it knows.

    Returns
    -------
    pyarrow.LargeBinaryArray of rows

    Raises
    ------
    InvalidDataError
        If there are weights but no labels.

    Examples
    --------
    >>> import numpy as np
    >>> row = FeatureRows(3, np.array([2.5]), np.array([0, 1]), np.array([1], np.int32),
    ...                   np.array([0, 1]), np.array([False]), label=np.array([1.0]))
    >>> encode(row)[0].as_py()
    b'1 2:2.5\n'
    """
    if rows.label is None and rows.weight is not None:
        raise InvalidDataError("LIBSVM writes a weight behind a label: pass labelCol too")
    if not len(rows):
        return pa.array([], pa.large_binary())
    leads = [] if rows.label is None else [rows.label]
    if rows.weight is not None:
        leads.append(rows.weight)
    values, offsets, indices = rows.values, rows.value_offsets, positions(rows)
    kept = ~np.isnan(values)
    if width is not None and width < rows.width:
        kept &= indices < width
    if not kept.all():
        values, offsets, indices = values[kept], offsets_of(kept)[offsets], indices[kept]
    return lines(leads, ":", prefixed(_prefixes(indices, rows.width), values), offsets)


def read_width(rows: FeatureRows) -> int:
    """Return the number of features that a reader takes the text of `rows` to have.

    It is the largest index written, since the text names no width: less than ``rows.width`` where
    no row has the last features.
    """
    ends = rows.value_offsets[1:][rows.dense]
    if rows.width and len(ends) and not np.isnan(rows.values[ends - 1]).all():
        return rows.width  # a dense row that has its last feature, found without a look at the rest
    written = positions(rows)[~np.isnan(rows.values)]
    return int(written.max(initial=-1)) + 1


def decode(
    data: bytes | memoryview, width: int | None = None, *, label: bool = True
) -> FeatureRows:
    """Decode lines of LIBSVM text.

    Parameters
    ----------
    data : bytes or memoryview
        Blank lines and comments (``#`` to the end of the line) are left out.
    width : int, optional
        The number of features, which the text does not tell. Default: the largest index.
    label : bool, default True
        Whether a line begins with its label, which the text does not tell either. Without, a blank
        line is a row that has no features.

    Returns
    -------
    FeatureRows
        A row that names every feature is dense, any other sparse.

    Raises
    ------
    InvalidDataError
        If a line is not LIBSVM, an index is 0, beyond `width` or out of order, or only some rows
        have a weight. Rows are counted from 0.
    """
    if not label:
        filled = b"0 " + bytes(data).removesuffix(b"\n").replace(b"\n", b"\n0 ")
        return replace(decode(filled if len(data) else b"", width), label=None)
    content = _content(data)
    starts, ends = _token_borders(content)
    texts = tokens(content, starts, ends)
    before, after = _colons(content, starts, ends)
    first, stop = _rows(content, starts)
    row_of = np.repeat(np.arange(len(first)), stop - first)
    is_lead = np.zeros(len(starts), dtype=np.bool_)
    is_lead[first] = True
    weight_at = first[after[first]] + 1
    if len(weight_at) not in (0, len(first)):
        row = int(np.argmin(after[first] == after[first][0]))
        raise _refusal(row, "only some rows have a weight (label:weight): write all or none")
    is_lead[weight_at] = True
    is_index, is_value = ~is_lead & after & ~before, ~is_lead & before & ~after
    bad = ~(is_lead | is_index | is_value)
    bad[weight_at] |= after[weight_at]
    _refuse(bad, row_of, "is not a label and then pairs of index:value")
    labels = numbers(texts.take(pa.array(first)), pa.float64(), row_of[first], "the label")
    weight = numbers(texts.take(pa.array(weight_at)), pa.float64(), row_of[weight_at], "the weight")
    own = row_of[is_index]
    found = numbers(texts.filter(pa.array(is_index)), pa.int64(), own, "an index (or a qid)")
    values = numbers(texts.filter(pa.array(is_value)), pa.float64(), own, "a value")
    indices, width = _checked(found.astype(np.int64) - 1, own, width)
    counts = np.bincount(own, minlength=len(first))
    dense = (counts == width) & (width > 0)
    return FeatureRows(
        width=width,
        values=values,
        value_offsets=offsets_of(counts),
        indices=indices[~np.repeat(dense, counts)].astype(np.int32),
        index_offsets=offsets_of(np.where(dense, 0, counts)),
        dense=dense,
        label=labels,
        weight=weight if len(weight_at) else None,
    )


def _prefixes(indices: npt.NDArray[np.int32], width: int) -> pa.LargeStringArray:
    """Write each index as the prefix of its value: ``" 1:"`` for 0."""
    if width <= _WIDEST_TABLE:
        return _table(width).take(pa.array(indices))
    coded = pa.array(indices).dictionary_encode()
    return _texts(coded.dictionary).take(coded.indices)


@lru_cache(maxsize=2)
def _table(width: int) -> pa.LargeStringArray:
    return _texts(pa.array(np.arange(width)))


def _texts(indices: pa.Array) -> pa.LargeStringArray:
    kind = pa.large_string()
    one_based = pc.add(indices.cast(pa.int64()), 1).cast(kind)
    return pc.binary_join_element_wise(
        pa.scalar(" ", kind), one_based, pa.scalar(":", kind), pa.scalar("", kind)
    )


def _content(data: bytes | memoryview) -> Bytes:
    """See the text as bytes, without its comments."""
    content: Bytes = np.frombuffer(data, dtype=np.uint8)
    if (content == ord("#")).any():
        content = np.frombuffer(re.sub(rb"#[^\n]*", b"", bytes(data)), dtype=np.uint8)
    return content


def _token_borders(content: Bytes) -> tuple[Offsets, Offsets]:
    """Find where each number begins and ends."""
    separates = np.zeros(256, dtype=np.bool_)
    separates[list(b" \t\r\n:")] = True
    inside = np.zeros(len(content) + 2, dtype=np.bool_)
    inside[1:-1] = ~separates[content]
    borders = np.flatnonzero(inside[1:] != inside[:-1])
    return borders[0::2], borders[1::2]


def _colons(
    content: Bytes, starts: Offsets, ends: Offsets
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell of each number whether a colon stands right before and right behind it."""
    is_colon = np.zeros(len(content) + 1, dtype=np.bool_)
    is_colon[:-1] = content == ord(":")
    # The last element is no colon: it stands for what precedes the first number, at -1.
    before, after = is_colon[starts - 1], is_colon[ends]
    colons = np.count_nonzero(is_colon)
    if not colons == np.count_nonzero(before) == np.count_nonzero(after):
        at = np.flatnonzero(is_colon)
        lonely = ~np.isin(at, ends[after]) | ~np.isin(at + 1, starts[before])
        first, _ = _rows(content, starts)
        line = np.searchsorted(starts[first], at[lonely][0], side="right") - 1
        raise _refusal(max(0, int(line)), "has a colon without a number on both sides")
    return before, after


def _rows(content: Bytes, starts: Offsets) -> tuple[Offsets, Offsets]:
    """Give, for each line that is not blank, its first number and the one behind its last."""
    borders = np.searchsorted(starts, line_starts(content))
    filled = borders[1:] > borders[:-1]
    return borders[:-1][filled], borders[1:][filled]


def _checked(indices: Offsets, row_of: Offsets, width: int | None) -> tuple[Offsets, int]:
    """Check zero-based indices; give them and the width."""
    _refuse(indices < 0, row_of, "has an index below 1: indices are 1-based")
    largest = int(indices.max(initial=-1)) + 1
    width = largest if width is None else width
    _refuse(indices >= width, row_of, f"has an index beyond {width}, the number of features")
    if largest > np.iinfo(np.int32).max:
        raise InvalidDataError(f"index {largest} does not fit in 32 bits: hash the features")
    falling = np.zeros(len(indices), dtype=np.bool_)
    falling[1:] = (indices[1:] <= indices[:-1]) & (row_of[1:] == row_of[:-1])
    _refuse(falling, row_of, "has indices that do not ascend: sort them, each but once")
    return indices, width


def _refuse(bad: npt.NDArray[np.bool_], row_of: Offsets, reason: str) -> None:
    if bad.any():
        raise _refusal(int(row_of[np.argmax(bad)]), reason)


def _refusal(row: int, reason: str) -> InvalidDataError:
    return InvalidDataError(f"row {row} of the LIBSVM text {reason}")
