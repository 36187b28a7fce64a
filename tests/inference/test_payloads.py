from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.inference.payloads import payloads


def binary(rows: list[bytes]) -> pa.LargeBinaryArray:
    return pa.array(rows, pa.large_binary())


@given(
    st.lists(st.lists(st.binary(max_size=9), max_size=12), max_size=6),
    st.integers(9, 20),
    st.integers(1, 8),
)
def test_bodies_hold_the_rows_in_order_under_both_limits(
    batches: list[list[bytes]], limit: int, most_rows: int
) -> None:
    rows = [row for batch in batches for row in batch]
    bodies = list(payloads(map(binary, batches), limit, most_rows))
    assert b"".join(body.body for body in bodies) == b"".join(rows)
    assert sum(body.rows for body in bodies) == len(rows)
    assert all(len(body.body) <= limit and 0 < body.rows <= most_rows for body in bodies)
    # The fewest, across batches: no body has room for the first row of the next.
    sent = 0
    for body in bodies[:-1]:
        sent += body.rows
        assert body.rows == most_rows or len(body.body) + len(rows[sent]) > limit


def test_a_slice_of_encoded_rows() -> None:
    array = binary([b"aaaa", b"b", b"cc", b"dddd"]).slice(1, 2)
    assert [body.body for body in payloads([array], 2)] == [b"b", b"cc"]


def test_a_row_that_is_too_large_is_named() -> None:
    batches = [binary([b"1", b"2"]), binary([b"3" * 9])]
    with pytest.raises(InvalidDataError, match="row 2 of the partition is 9 bytes"):
        list(payloads(batches, 8, 2))
