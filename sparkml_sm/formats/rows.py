"""The one shape in which a batch of feature rows travels between Arrow and bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sparkml_sm.errors import InvalidDataError

__all__ = [
    "FeatureRows",
    "concat_rows",
    "dense_matrix",
    "dense_rows",
    "offsets_of",
    "positions",
    "slice_rows",
]

Floats = npt.NDArray[np.float64]
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """A batch of feature rows: dense, sparse or both, in the user's order.

    It is the memory layout of Spark's unwrapped vector column, so nothing is copied on the way in:
    a dense row has `width` values and no indices, a sparse row has as many indices as values. Both
    offset arrays start at 0 and end at the length of what they point into.

    Attributes
    ----------
    width : int
        Number of features of every row.
    values : float64 array
        The values of all rows, one row after the other.
    value_offsets : int64 array of rows + 1
        Row `i` owns ``values[value_offsets[i]:value_offsets[i + 1]]``.
    indices : int32 array
        Zero-based positions of the values of the sparse rows, strictly ascending within a row.
    index_offsets : int64 array of rows + 1
        Row `i` owns ``indices[index_offsets[i]:index_offsets[i + 1]]``: none where it is dense.
    dense : bool array of rows
        Whether a row is dense. (A sparse row may be empty, so the offsets alone do not tell.)
    label, weight : float64 array of rows, or None
        None where the batch carries none.
    """

    width: int
    values: Floats
    value_offsets: Offsets
    indices: npt.NDArray[np.int32]
    index_offsets: Offsets
    dense: npt.NDArray[np.bool_]
    label: Floats | None = None
    weight: Floats | None = None

    def __len__(self) -> int:
        return len(self.dense)


def slice_rows(rows: FeatureRows, start: int, stop: int) -> FeatureRows:
    """Give rows `start` to `stop` (exclusive); all but the offsets are views, not copies."""
    value_offsets = rows.value_offsets[start : stop + 1]
    index_offsets = rows.index_offsets[start : stop + 1]
    return FeatureRows(
        width=rows.width,
        values=rows.values[value_offsets[0] : value_offsets[-1]],
        value_offsets=value_offsets - value_offsets[0],
        indices=rows.indices[index_offsets[0] : index_offsets[-1]],
        index_offsets=index_offsets - index_offsets[0],
        dense=rows.dense[start:stop],
        label=None if rows.label is None else rows.label[start:stop],
        weight=None if rows.weight is None else rows.weight[start:stop],
    )


def concat_rows(batches: Sequence[FeatureRows]) -> FeatureRows:
    """Put batches of one width one after the other.

    Raises
    ------
    InvalidDataError
        If there is no batch, or batches differ in width or in whether they carry label or weight.
    """
    if not batches:
        raise InvalidDataError(
            "no batch of rows to concatenate: pass at least one, it may be empty"
        )
    if len(batches) == 1:
        return batches[0]
    shapes = {(each.width, each.label is None, each.weight is None) for each in batches}
    if len(shapes) > 1:
        raise InvalidDataError(
            "batches differ in the number of features, or only some carry a label or a weight: "
            "read them with the same columns and the same width"
        )
    return FeatureRows(
        width=batches[0].width,
        values=np.concatenate([each.values for each in batches]),
        value_offsets=_chained([each.value_offsets for each in batches]),
        indices=np.concatenate([each.indices for each in batches]),
        index_offsets=_chained([each.index_offsets for each in batches]),
        dense=np.concatenate([each.dense for each in batches]),
        label=_joined([each.label for each in batches]),
        weight=_joined([each.weight for each in batches]),
    )


def positions(rows: FeatureRows) -> npt.NDArray[np.int32]:
    """Give the zero-based feature number of each of `rows.values`, dense or sparse."""
    if not rows.dense.any():
        return rows.indices
    if rows.dense.all():
        return np.tile(np.arange(rows.width, dtype=np.int32), len(rows))
    counts = np.diff(rows.value_offsets)
    starts = np.repeat(rows.value_offsets[:-1], counts)
    result = (np.arange(len(rows.values), dtype=np.int64) - starts).astype(np.int32)
    result[np.repeat(~rows.dense, counts)] = rows.indices
    return result


def dense_matrix(rows: FeatureRows) -> Floats:
    """Give the features as a matrix of (rows, width); a view where every row is dense.

    The matrix of wide sparse rows is large: slice them first.
    """
    if rows.dense.all():
        return rows.values.reshape(len(rows), rows.width)
    matrix = np.zeros((len(rows), rows.width))
    owners = np.repeat(np.arange(len(rows)), np.diff(rows.value_offsets))
    matrix[owners, positions(rows)] = rows.values
    return matrix


def dense_rows(
    matrix: Floats, *, label: Floats | None = None, weight: Floats | None = None
) -> FeatureRows:
    """See a matrix of (rows, width) as dense rows; a copy only where it is not contiguous."""
    count, width = matrix.shape
    return FeatureRows(
        width=width,
        values=np.ascontiguousarray(matrix).reshape(-1),
        value_offsets=np.arange(count + 1, dtype=np.int64) * width,
        indices=np.empty(0, dtype=np.int32),
        index_offsets=np.zeros(count + 1, dtype=np.int64),
        dense=np.ones(count, dtype=np.bool_),
        label=label,
        weight=weight,
    )


def offsets_of(counts: Offsets) -> Offsets:
    """Turn lengths into offsets: 0, and the running sum."""
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def _chained(offsets: Sequence[Offsets]) -> Offsets:
    """Chain offsets that each start at 0 into one run."""
    return offsets_of(np.concatenate([np.diff(each) for each in offsets]))


def _joined(columns: Sequence[Floats | None]) -> Floats | None:
    """Join a column that all batches have, or none."""
    present = [each for each in columns if each is not None]
    return np.concatenate(present) if present else None
