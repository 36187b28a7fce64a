"""Arrow columns to `FeatureRows`, with every check of the user's input.

Wrong input is an error that names column, row, reason and the way out. Nothing is replaced by a
default and no row is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.rows import FeatureRows, Floats, Offsets, offsets_of

__all__ = ["Where", "feature_rows", "first_width"]

Flags = npt.NDArray[np.bool_]
Number = TypeVar("Number", np.float64, np.int32)

#: The size that stands for a dense vector, which has as many features as values.
_DENSE = -1


@dataclass(frozen=True, slots=True)
class Where:
    """Where a batch comes from, for messages.

    Attributes
    ----------
    featuresColumn : str
    labelColumn, weightColumn : str or None
    partition : int or None
        The partition's number, if known.
    firstRow : int
        The place of the batch's first row in the partition, from 0.
    width : int or None
        The number of features that every row must have, where earlier rows have told it.
    """

    featuresColumn: str
    labelColumn: str | None = None
    weightColumn: str | None = None
    partition: int | None = None
    firstRow: int = 0
    width: int | None = None

    def refuse(self, column: str, bad: Flags, reason: str, remedy: str) -> None:
        """Raise for the first row that is bad, if there is one.

        Raises
        ------
        InvalidDataError
            Naming column, row and partition.
        """
        if bad.any():
            self.refuse_row(column, int(np.argmax(bad)), reason, remedy)

    def refuse_row(self, column: str, row: int, reason: str, remedy: str) -> None:
        """Raise for a row of the batch."""
        inside = "" if self.partition is None else f" of partition {self.partition}"
        raise InvalidDataError(
            f"column {column!r}, row {self.firstRow + row}{inside} (counted from 0): "
            f"{reason}; {remedy}"
        )


def feature_rows(
    features: pa.StructArray,
    label: pa.Array | None,
    weight: pa.Array | None,
    where: Where,
    *,
    width: int | None = None,
    allow_nan: bool = True,
    single: bool = False,
) -> FeatureRows:
    """Check a batch and see it as `FeatureRows`.

    Parameters
    ----------
    features : struct array of size, indices, values
        Vectors: `size` is -1 for a dense one and null where there is none; `indices` of dense
        rows are null or empty. May be a slice.
    label, weight : numeric array, or None
        As long as `features`. None where there is none.
    where : Where
        Names of the columns and place of the batch, for messages.
    width : int, optional
        The number of features that every row must have. Default: ``where.width``, else that of the
        first row.
    allow_nan : bool, default True
        Whether a feature may be NaN. Infinity is always refused: XGBoost does not take it.
    single : bool, default False
        Whether features and label must be within the range of 32-bit floats.

    Returns
    -------
    FeatureRows
        Values and indices are views of Arrow's memory wherever their types are float64 and int32.

    Raises
    ------
    InvalidDataError
        If a row is null or holds a null, rows differ in width, a sparse row's indices are not
        ascending within the vector's size or not as many as its values, or a number is NaN,
        infinite or (a weight) negative where it may not be. The first such row is named.
    """
    features, label, weight = _whole(features), _whole(label), _whole(weight)
    sizes = _sizes(features, where)
    dense = sizes == _DENSE
    values, counts = _list(features.field("values"), "values", where)
    indices, index_counts = _list(features.field("indices"), "indices", where, skip=dense)
    widths = np.where(dense, counts, sizes)
    width = where.width if width is None else width
    if width is None:
        width = int(widths[0]) if len(widths) else 0
    _refuse_ragged(widths, width, where)
    rows = FeatureRows(
        width=width,
        values=_array(values, np.float64),
        value_offsets=offsets_of(counts),
        indices=_array(indices, np.int32),
        index_offsets=offsets_of(index_counts),
        dense=dense,
        label=_numbers(label, where.labelColumn or "label", where),
        weight=_numbers(weight, where.weightColumn or "weight", where),
    )
    _check_values(rows, where, allow_nan=allow_nan)
    if single:
        _check_range(rows, counts, where)
    _check_indices(rows, counts, index_counts, where)
    if rows.weight is not None:
        reason, remedy = "the weight is negative", "a weight must be 0 or more"
        where.refuse(where.weightColumn or "weight", rows.weight < 0, reason, remedy)
    return rows


def first_width(batch: pa.Array) -> int | None:
    """Return how many features the first row of a batch has, None where it has no features."""
    if not pa.types.is_struct(batch.type) or not len(batch):
        return None
    if any(batch.type.get_field_index(name) < 0 for name in ("size", "indices", "values")):
        return None
    first = batch[0].as_py() or {"size": None}
    size = first["size"]
    return len(first["values"] or ()) if size == _DENSE else size


_DROP = "drop or fill such rows before, for example with DataFrame.dropna"
_REBUILD = "rebuild the column with pyspark.ml.linalg.Vectors"


def _whole(array: pa.Array | pa.ChunkedArray | None) -> pa.Array | None:
    """Make one array of a column in chunks."""
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _sizes(features: pa.StructArray, where: Where) -> Offsets:
    """Give the size of each vector, -1 for a dense one; refuse null vectors."""
    column = features.field("size")
    missing = column.is_null().to_numpy(zero_copy_only=False)
    if features.null_count:
        missing |= features.is_null().to_numpy(zero_copy_only=False)
    where.refuse(where.featuresColumn, missing, "the features are null", _DROP)
    sizes: Offsets = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    where.refuse(where.featuresColumn, sizes < _DENSE, "the value is no vector", _REBUILD)
    return sizes


def _list(
    lists: pa.Array, what: str, where: Where, *, skip: Flags | None = None
) -> tuple[pa.Array, Offsets]:
    """Give the elements of a list column and how many each row has; refuse nulls.

    Parameters
    ----------
    lists : list array
    what : str
        The name of the field, for messages.
    where : Where
    skip : bool array, optional
        Rows that may be null, and whose elements do not count.
    """
    if lists.null_count:
        nulls = lists.is_null().to_numpy(zero_copy_only=False)
        wanted = nulls if skip is None else nulls & ~skip
        where.refuse(where.featuresColumn, wanted, f"the {what} of the vector are null", _DROP)
        counts = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        elements = lists.flatten()
    else:
        offsets = lists.offsets.to_numpy(zero_copy_only=False)
        counts = np.diff(offsets)
        elements = lists.values.slice(offsets[0], offsets[-1] - offsets[0])
    counts = counts.astype(np.int64)
    if skip is not None and counts[skip].any():
        elements = elements.filter(pa.array(np.repeat(~skip, counts)))
        counts = np.where(skip, 0, counts)
    if elements.null_count:
        bad = elements.is_null().to_numpy(zero_copy_only=False)
        _refuse_element(bad, counts, "a feature is null", _DROP, where)
    return elements, counts


def _array(elements: pa.Array, kind: type[Number]) -> npt.NDArray[Number]:
    """See elements as a numpy array of a type, without a copy where they are of that type."""
    array: npt.NDArray[Number] = elements.to_numpy(zero_copy_only=False).astype(kind, copy=False)
    return array


def _numbers(column: pa.Array | None, name: str, where: Where) -> Floats | None:
    """Read the label or the weight, every row of which must be a finite number."""
    if column is None:
        return None
    kind = column.type
    numeric = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    if not any(is_kind(kind) for is_kind in numeric):
        raise InvalidDataError(
            f"column {name!r} is of type {kind}, which is no number; cast it to double, or index "
            "it with StringIndexer"
        )
    if column.null_count:
        nulls = column.is_null().to_numpy(zero_copy_only=False)
        where.refuse(name, nulls, "the value is null", _DROP)
    try:
        numbers: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid as error:
        raise InvalidDataError(
            f"column {name!r} holds integers that a 64-bit float cannot hold; cast it to double"
        ) from error
    where.refuse(name, np.isnan(numbers), "the value is NaN", _DROP)
    where.refuse(name, np.isinf(numbers), "the value is infinite", _DROP)
    return numbers


def _refuse_ragged(widths: Offsets, width: int, where: Where) -> None:
    """Refuse rows of another width."""
    bad = widths != width
    if bad.any():
        row = int(np.argmax(bad))
        where.refuse_row(
            where.featuresColumn,
            row,
            f"the vector has {widths[row]} features and {width} are expected",
            "all rows must have the same number",
        )


def _check_values(rows: FeatureRows, where: Where, *, allow_nan: bool) -> None:
    """Refuse infinite features, and NaN where it is not allowed."""
    if np.isfinite(rows.values).all():
        return
    counts = np.diff(rows.value_offsets)
    remedy = "replace it by a number, or by NaN where the algorithm takes missing values"
    _refuse_element(np.isinf(rows.values), counts, "a feature is infinite", remedy, where)
    if not allow_nan:
        remedy = "the algorithm takes no missing values: drop such rows or use Imputer"
        _refuse_element(np.isnan(rows.values), counts, "a feature is NaN", remedy, where)


def _check_range(rows: FeatureRows, counts: Offsets, where: Where) -> None:
    """Refuse numbers that a 32-bit float cannot hold."""
    reason, remedy = "the number is beyond 32-bit floats", "scale it, or stage as csv or parquet"
    largest = np.finfo(np.float32).max
    lowest, highest = rows.values.min(initial=0), rows.values.max(initial=0)
    if not -largest <= lowest <= highest <= largest:  # or NaN, which hides the others
        _refuse_element(np.abs(rows.values) > largest, counts, reason, remedy, where)
    if rows.label is not None:
        where.refuse(where.labelColumn or "label", np.abs(rows.label) > largest, reason, remedy)


def _check_indices(rows: FeatureRows, counts: Offsets, index_counts: Offsets, where: Where) -> None:
    """Refuse sparse rows that are not well formed."""
    unlike = ~rows.dense & (counts != index_counts)
    reason = "the sparse vector has another number of indices than of values"
    where.refuse(where.featuresColumn, unlike, reason, _REBUILD)
    if not len(rows.indices):
        return

    def check(bad: Flags, reason: str) -> None:
        _refuse_element(bad, index_counts, reason, _REBUILD, where)

    if rows.indices.min() < 0 or rows.indices.max() >= rows.width:
        outside = (rows.indices < 0) | (rows.indices >= rows.width)
        check(outside, f"an index is outside of 0 to {rows.width - 1}")
    falling = rows.indices[1:] <= rows.indices[:-1]
    # The first index of a row follows none of its own.
    starts = rows.index_offsets[1:-1]
    falling[starts[(starts > 0) & (starts < len(rows.indices))] - 1] = False
    if falling.any():
        check(np.concatenate([[False], falling]), "the indices do not ascend")


def _refuse_element(bad: Flags, counts: Offsets, reason: str, remedy: str, where: Where) -> None:
    """Refuse the row of the first bad element."""
    if bad.any():
        row = int(np.searchsorted(np.cumsum(counts), int(np.argmax(bad)), side="right"))
        where.refuse_row(where.featuresColumn, row, reason, remedy)
