from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import FeatureRows, Where, feature_rows
from sparkml_sm.testing.formats import make_rows, same_rows
from tests.formats.strategies import batches

TYPE = pa.struct(
    [
        ("size", pa.int32()),
        ("indices", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float64())),
    ]
)
WHERE = Where("features", "label", "weight", partition=3, firstRow=1000)


def dense(*values: float | None) -> dict[str, Any]:
    return {"size": -1, "indices": None, "values": list(values)}


def sparse(size: int, indices: list[int], values: list[float | None]) -> dict[str, Any]:
    return {"size": size, "indices": indices, "values": values}


def column(*rows: dict[str, Any] | None) -> pa.StructArray:
    return pa.array(rows, TYPE)


def as_column(rows: FeatureRows) -> pa.StructArray:
    made = []
    for row in range(len(rows)):
        values = rows.values[rows.value_offsets[row] : rows.value_offsets[row + 1]].tolist()
        indices = rows.indices[rows.index_offsets[row] : rows.index_offsets[row + 1]].tolist()
        made.append(dense(*values) if rows.dense[row] else sparse(rows.width, indices, values))
    return column(*made)


def read(
    features: pa.StructArray, label: Any = None, weight: Any = None, **how: Any
) -> FeatureRows:
    def as_array(numbers: Any) -> Any:
        known = numbers is None or isinstance(numbers, pa.Array)
        return numbers if known else pa.array(numbers, pa.float64())

    where = how.pop("where", WHERE)
    return feature_rows(features, as_array(label), as_array(weight), where, **how)


@given(batches(nan=True, weights=True))
def test_reads_any_batch(rows: FeatureRows) -> None:
    same_rows(read(as_column(rows), rows.label, rows.weight), rows)


def test_reads_a_slice_of_an_array() -> None:
    whole = column(dense(9.0), dense(1.0, 2.0), sparse(2, [1], [3.0]), sparse(7, [5], [1.0]))
    label = pa.array([9.0, 1.0, 0.0, 9.0])
    rows = read(whole.slice(1, 2), label.slice(1, 2), label.slice(1, 2))
    same_rows(rows, make_rows([[1.0, 2.0], {1: 3.0}], 2, label=[1, 0], weight=[1, 0]))


def test_reads_columns_in_chunks() -> None:
    features = pa.chunked_array([column(dense(1.0)), column(sparse(1, [0], [2.0]))])
    rows = feature_rows(features, pa.chunked_array([[1.0], [0.0]]), None, WHERE)
    same_rows(rows, make_rows([[1.0], {0: 2.0}], 1, label=[1, 0]))


def test_values_are_not_copied() -> None:
    values = np.arange(6.0)
    lists = pa.ListArray.from_arrays(pa.array([0, 2, 4, 6], pa.int32()), pa.array(values))
    features = pa.StructArray.from_arrays(
        [
            pa.array([-1] * 3, pa.int32()),
            pa.array([[]] * 3, pa.list_(pa.int32())),
            lists,
        ],
        names=["size", "indices", "values"],
    )
    assert np.shares_memory(read(features).values, values)


def test_size_of_dense_rows_does_not_count() -> None:
    row = {"size": -1, "indices": [], "values": [1.0, 2.0]}
    same_rows(read(column(row)), make_rows([[1.0, 2.0]], 2))


def test_indices_of_dense_rows_are_left_aside() -> None:
    row = {"size": -1, "indices": [0, 1], "values": [1.0, 2.0]}
    rows = read(column(sparse(2, [1], [5.0]), row, sparse(2, [0], [6.0])))
    same_rows(rows, make_rows([{1: 5.0}, [1.0, 2.0], {0: 6.0}], 2))


@pytest.mark.parametrize("width", [None, 4])
def test_empty_batch(width: int | None) -> None:
    rows = read(column(), [], [], width=width)
    assert (len(rows), rows.width) == (0, width or 0)


@pytest.mark.parametrize(
    "label",
    [
        pa.array([1, 0], pa.int64()),
        pa.array([1, 0], pa.int8()),
        pa.array([1, 0], pa.float32()),
        pa.array([1, 0], pa.uint32()),
        pa.array([1, 0], pa.decimal128(5, 2)),
    ],
)
def test_every_number_is_a_label(label: pa.Array) -> None:
    rows = read(column(dense(1.0), dense(2.0)), label)
    assert rows.label is not None
    assert rows.label.dtype == np.float64
    assert rows.label.tolist() == [1, 0]


GOOD = dense(1.0, 2.0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (None, "the features are null"),
        ({"size": None, "indices": [], "values": []}, "the features are null"),
        ({"size": -2, "indices": [], "values": [1.0, 2.0]}, "the value is no vector"),
        (dense(1.0, None), "a feature is null"),
        (sparse(2, [0, 1], [1.0, None]), "a feature is null"),
        ({"size": -1, "indices": None, "values": None}, "the values .* are null"),
        ({"size": 2, "indices": None, "values": [1.0]}, "the indices .* are null"),
        (dense(1.0), "the vector has 1 features and 2 are expected"),
        (sparse(3, [1], [1.0]), "the vector has 3 features and 2 are expected"),
        (sparse(2, [2], [1.0]), "an index is outside of 0 to 1"),
        (sparse(2, [-1], [1.0]), "an index is outside of 0 to 1"),
        (sparse(2, [1, 0], [1.0, 2.0]), "the indices do not ascend"),
        (sparse(2, [1, 1], [1.0, 2.0]), "the indices do not ascend"),
        (sparse(2, [0, 1], [1.0]), "another number of indices than of values"),
        (sparse(2, [0], [1.0, 2.0]), "another number of indices than of values"),
        (dense(1.0, np.inf), "a feature is infinite"),
        (sparse(2, [0], [-np.inf]), "a feature is infinite"),
    ],
)
def test_bad_features_are_refused(row: dict[str, Any] | None, reason: str) -> None:
    message = rf"column 'features', row 1002 of partition 3 \(counted from 0\): .*{reason}.*; "
    with pytest.raises(InvalidDataError, match=message) as caught:
        read(column(GOOD, sparse(2, [], []), row, row, GOOD))
    assert "\n" not in str(caught.value)


def test_nan_is_refused_only_where_it_may_not_be() -> None:
    features = column(GOOD, sparse(2, [1], [np.nan]))
    assert np.isnan(read(features).values).tolist() == [False, False, True]
    with pytest.raises(InvalidDataError, match=r"row 1001 of partition 3 .*: a feature is NaN; "):
        read(features, allow_nan=False)


@pytest.mark.parametrize("which", ["label", "weight"])
@pytest.mark.parametrize(
    ("number", "reason"), [(None, "null"), (np.nan, "NaN"), (np.inf, "infin"), (-np.inf, "infin")]
)
def test_bad_labels_and_weights_are_refused(which: str, number: float | None, reason: str) -> None:
    bad = {which: pa.array([1.0, number], pa.float64())}
    with pytest.raises(InvalidDataError, match=f"column '{which}', row 1001 .*{reason}"):
        read(column(GOOD, GOOD), **bad)


def test_negative_weights_are_refused_and_labels_are_not() -> None:
    assert read(column(GOOD), [-1.0]).label == [-1.0]
    with pytest.raises(InvalidDataError, match=r"column 'weight', row 1001 .* is negative"):
        read(column(GOOD, GOOD), None, [0.0, -0.5])


@pytest.mark.parametrize(
    "label", [pa.array(["1"]), pa.array([True]), pa.array([[1.0]]), pa.array([None])]
)
def test_a_label_of_another_type_is_refused(label: pa.Array) -> None:
    with pytest.raises(InvalidDataError, match=r"column 'label' is of type .*StringIndexer"):
        read(column(GOOD), label)


def test_integers_that_would_be_rounded_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="'label' holds integers that a 64-bit float cannot"):
        read(column(GOOD), pa.array([2**53 + 1]))


def test_a_given_width_counts_from_the_first_row() -> None:
    with pytest.raises(InvalidDataError, match=r"row 1000 .* has 2 features and 3 are expected"):
        read(column(GOOD), width=3)


def test_the_message_names_no_partition_where_none_is_known() -> None:
    with pytest.raises(InvalidDataError, match=r"column 'f', row 0 \(counted from 0\): "):
        read(column(None), where=Where("f"))


@pytest.mark.parametrize(
    ("row", "label", "named"),
    [(dense(1.0, -1e300), 1.0, "features"), (dense(1.0, np.nan), 1e300, "label")],
)
def test_a_number_beyond_32_bits_is_refused_where_they_are_written(
    row: dict[str, Any], label: float, named: str
) -> None:
    rows, labels = column(dense(0.0, 0.0), row), pa.array([0.0, label])
    feature_rows(rows, labels, None, WHERE)
    with pytest.raises(InvalidDataError, match=f"column '{named}', row 1001 .*32-bit"):
        feature_rows(rows, labels, None, WHERE, single=True)
