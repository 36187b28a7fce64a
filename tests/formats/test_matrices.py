from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import Where, dense_matrix, recordio
from sparkml_sm.formats.matrices import matrix_rows
from tests.formats.witness import read_recordio

KIND = pa.struct(
    [
        ("type", pa.int8()),
        ("numRows", pa.int32()),
        ("numCols", pa.int32()),
        ("colPtrs", pa.list_(pa.int32())),
        ("rowIndices", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float64())),
        ("isTransposed", pa.bool_()),
    ]
)
WHERE = Where("pixels", partition=2)


def crossed(*matrices: dict[str, Any] | None) -> pa.StructArray:
    return pa.array(matrices, KIND)


def matrix(table: np.ndarray, *, by_rows: bool = False, **other: Any) -> dict[str, Any]:
    """A matrix as Spark stores it."""
    stored = table.ravel(order="C" if by_rows else "F").tolist()
    height, width = table.shape
    plain = {"type": 1, "numRows": height, "numCols": width, "isTransposed": by_rows}
    return {**plain, "colPtrs": None, "rowIndices": None, "values": stored, **other}


@given(
    st.integers(1, 4), st.integers(1, 4), st.lists(st.booleans(), min_size=1, max_size=4), st.data()
)
def test_records_hold_the_shape_and_the_rows(
    height: int, width: int, by_rows: list[bool], data: st.DataObject
) -> None:
    size = height * width
    number = st.floats(width=32, allow_nan=False, allow_infinity=False)
    flat = [data.draw(st.lists(number, min_size=size, max_size=size)) for _ in by_rows]
    tables = [np.array(each).reshape(height, width) for each in flat]
    pairs = zip(tables, by_rows, strict=True)
    array = crossed(None, *[matrix(table, by_rows=stored) for table, stored in pairs])[1:]
    rows, shape = matrix_rows(array, WHERE)
    body = b"".join(recordio.encode(rows, shape).to_pylist())
    for record, table in zip(read_recordio(body), tables, strict=True):
        assert record["shape"] == [height, width]
        assert record["keys"] == []
        assert record["values"] == table.ravel().tolist()
    np.testing.assert_array_equal(dense_matrix(recordio.decode(body)), flat)


def test_no_matrices() -> None:
    rows, shape = matrix_rows(crossed(), WHERE)
    assert len(recordio.encode(rows, shape)) == 0


ONE = matrix(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (None, "'pixels', row 1 of partition 2 .*: the matrix is null"),
        (matrix(np.ones((2, 3)), type=0), "row 1 .* is sparse; send its toDense"),
        (matrix(np.ones((3, 3))), r"row 1 .* not of shape \(2, 3\)"),
        (matrix(np.ones((2, 4))), r"row 1 .* not of shape \(2, 3\)"),
        (matrix(np.ones((2, 3)), values=[1.0]), "has not 6 values"),
        (matrix(np.full((2, 3), np.inf)), "row 1 .* is infinite"),
    ],
)
def test_what_is_refused(bad: dict[str, Any] | None, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        matrix_rows(crossed(ONE, bad), WHERE)
