from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import FeatureRows, concat_rows, dense_matrix, slice_rows
from sparkml_sm.formats.rows import dense_rows, positions
from sparkml_sm.testing.formats import make_rows, same_rows
from tests.formats.strategies import batches


@given(batches(weights=True), st.data())
def test_slices_join_to_the_whole(rows: FeatureRows, data: st.DataObject) -> None:
    middle = data.draw(st.integers(0, len(rows)))
    parts = [slice_rows(rows, 0, middle), slice_rows(rows, middle, len(rows))]
    assert [len(part) for part in parts] == [middle, len(rows) - middle]
    assert all(part.value_offsets[0] == part.index_offsets[0] == 0 for part in parts)
    same_rows(concat_rows(parts), rows)


def test_a_slice_is_a_view() -> None:
    rows = make_rows([[1.0, 2.0], [3.0, 4.0]], 2)
    assert np.shares_memory(slice_rows(rows, 1, 2).values, rows.values)


def test_one_batch_is_itself() -> None:
    rows = make_rows([[1.0]], 1)
    assert concat_rows([rows]) is rows


@pytest.mark.parametrize(
    "other",
    [
        make_rows([[1.0, 2.0]], 2, label=[1]),
        make_rows([[1.0]], 1),
        make_rows([[1.0]], 1, label=[1], weight=[1]),
    ],
)
def test_unlike_batches_are_refused(other: FeatureRows) -> None:
    with pytest.raises(InvalidDataError, match="batches differ"):
        concat_rows([make_rows([[1.0]], 1, label=[1]), other])


def test_no_batches_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="no batch"):
        concat_rows([])


def test_positions_and_matrix_of_mixed_rows() -> None:
    rows = make_rows([[1.0, 0.0, 3.0], {1: 4.0}, {}, [5.0, 6.0, 7.0]], 3)
    assert positions(rows).tolist() == [0, 1, 2, 1, 0, 1, 2]
    assert dense_matrix(rows).tolist() == [[1, 0, 3], [0, 4, 0], [0, 0, 0], [5, 6, 7]]


def test_a_dense_matrix_is_a_view() -> None:
    matrix = np.arange(6.0).reshape(2, 3)
    rows = dense_rows(matrix)
    assert np.shares_memory(rows.values, matrix)
    assert np.shares_memory(dense_matrix(rows), matrix)
    assert dense_matrix(rows).tolist() == matrix.tolist()
    assert positions(rows).tolist() == [0, 1, 2, 0, 1, 2]
