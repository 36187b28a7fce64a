"""MXNet's files, against bytes that MXNet 1.9.1 wrote or was seen to read."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.ndarray import decode, encode
from tests.formats.mxnet_files import (
    DICT,
    FIRST_MAGIC,
    LIST,
    NUMPY_SHAPES,
    OLDEST,
    ROW_SPARSE,
    SIX_TYPES,
    TWO,
    TYPES,
)

ARRAYS = hnp.arrays(
    dtype=st.sampled_from(["<f4", "<f8", "<f2", "u1", "<i4", "i1", "<i8", "?"]),
    shape=hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
)


def test_a_list_is_read_and_written_as_mxnet_does() -> None:
    matrix = np.array([[1.5, -2, 0.25], [3, 4, 5]], dtype=np.float32)
    (read,) = decode(LIST)
    np.testing.assert_array_equal(read, matrix)
    assert read.dtype == np.float32
    assert encode([matrix]) == LIST


def test_names_are_read_and_written_as_mxnet_does() -> None:
    read = decode(DICT)
    assert isinstance(read, dict)
    assert {name: array.tolist() for name, array in read.items()} == {
        "mean": [[1.0, 2.0]],
        "v": [[0.5], [0.75]],
        "s": [9.0],
    }
    assert encode(read) == DICT


def test_every_type_of_mxnet_is_read_and_written() -> None:
    read = decode(SIX_TYPES)
    assert isinstance(read, list)
    assert [array.dtype.name for array in read] == TYPES
    assert all(array.tolist() == [1, 2] for array in read)
    assert encode(read) == SIX_TYPES


def test_arrays_without_names_keep_their_order() -> None:
    alpha, beta = decode(TWO)
    assert (alpha.tolist(), beta.tolist()) == ([0.5, 0.25], [[0.5, 0.25, 0.25], [0.0, 0.75, 0.25]])


def test_shapes_of_numpy_s_meaning_are_read() -> None:
    row, scalar = decode(NUMPY_SHAPES)
    assert (row.tolist(), scalar.shape, float(scalar)) == ([7.0, 8.0], (), 3.0)


def test_older_layouts_are_read() -> None:
    oldest = decode(OLDEST)
    assert isinstance(oldest, dict)
    assert oldest["a"].tolist() == [[1.5, 2.5]]
    assert [array.tolist() for array in decode(FIRST_MAGIC)] == [[[1.5, 2.5]]]


@given(st.lists(ARRAYS, max_size=3))
def test_what_is_written_is_read(arrays: list[np.ndarray]) -> None:
    read = decode(encode(arrays))
    assert isinstance(read, list)
    assert [each.dtype for each in read] == [each.dtype for each in arrays]
    for one, other in zip(read, arrays, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


@given(st.dictionaries(st.text(), ARRAYS, min_size=1, max_size=3))
def test_names_of_any_script_survive(arrays: dict[str, np.ndarray]) -> None:
    read = decode(encode(arrays))
    assert isinstance(read, dict)
    assert list(read) == list(arrays)


def test_views_and_foreign_byte_orders_are_written_as_their_values() -> None:
    matrix = np.arange(6, dtype=">f4").reshape(2, 3).T
    (read,) = decode(encode([matrix]))
    np.testing.assert_array_equal(read, matrix)


@pytest.mark.parametrize("array", [np.float32(1.0) * np.ones(()), np.array(["a"]), np.array([1j])])
def test_what_mxnet_cannot_hold_is_refused(array: np.ndarray) -> None:
    with pytest.raises(InvalidDataError, match="MXNet has no array"):
        encode([array])


@pytest.mark.parametrize("whole", [LIST, DICT, OLDEST], ids=["list", "dict", "oldest"])
def test_a_file_that_is_cut_off_is_refused(whole: bytes) -> None:
    for length in range(len(whole)):
        with pytest.raises(InvalidDataError, match="not a file of MXNet arrays"):
            decode(whole[:length])


def test_other_files_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="magic number"):
        decode(b"PK\x03\x04" + bytes(60))
    with pytest.raises(InvalidDataError, match="sparse"):
        decode(ROW_SPARSE)


@given(st.binary(max_size=120), st.integers(0, len(DICT) - 1))
def test_garbage_is_refused_without_taking_memory(garbage: bytes, at: int) -> None:
    with contextlib.suppress(InvalidDataError):
        decode(DICT[:at] + garbage)


def test_impossible_shapes_are_refused() -> None:
    sizes = struct.pack("<qq", 1 << 62, 0)
    with pytest.raises(InvalidDataError, match="shape"):
        decode(LIST[:36] + sizes + LIST[52:])
