from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import cut, payload


def binary(rows: list[bytes]) -> pa.LargeBinaryArray:
    return pa.array(rows, pa.large_binary())


@given(st.lists(st.binary(max_size=9), max_size=30), st.integers(9, 20))
def test_ranges_cover_the_rows_under_the_limit(rows: list[bytes], limit: int) -> None:
    array = binary(rows)
    ranges = cut(array, limit)
    assert [row for start, stop in ranges for row in range(start, stop)] == list(range(len(rows)))
    bodies = [bytes(payload(array, start, stop)) for start, stop in ranges]
    assert all(len(body) <= limit for body in bodies)
    assert b"".join(bodies) == b"".join(rows)
    # The fewest: no body has room for the first row of the next.
    for (_, stop), body in zip(ranges[:-1], bodies[:-1], strict=True):
        assert len(body) + len(rows[stop]) > limit


def test_a_slice_of_encoded_rows() -> None:
    array = binary([b"aaaa", b"b", b"cc", b"dddd"]).slice(1, 2)
    assert cut(array, 2) == [(0, 1), (1, 2)]
    assert bytes(payload(array, 0, 2)) == b"bcc"


def test_a_row_that_is_too_large_is_named() -> None:
    with pytest.raises(InvalidDataError, match="row 2 of the batch takes 9 bytes and one payload"):
        cut(binary([b"1", b"2", b"3" * 9]), 8)


def test_a_payload_is_no_copy() -> None:
    array = binary([b"ab", b"cd"])
    body = payload(array, 1, 2)
    assert body.obj is not None
    assert pa.py_buffer(body).address == array.buffers()[2].address + 2


def test_no_rows() -> None:
    assert cut(binary([]), 8) == []
    assert bytes(payload(binary([]), 0, 0)) == b""
