"""RecordIO data in chunks of any lengths: no record is torn, and what is broken stands last."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import FeatureRows, recordio
from sparkml_sm.formats.chunks import whole_records
from tests.formats.strategies import batches
from tests.formats.witness import GOLDENS

MAGIC = struct.pack("<I", 0xCED7230A)


def frame(payload: bytes) -> bytes:
    return MAGIC + struct.pack("<I", len(payload)) + payload + bytes(-len(payload) % 4)


def cut(data: bytes, borders: list[int]) -> list[bytes]:
    ends = sorted({0, len(data), *(each % (len(data) + 1) for each in borders)})
    return [data[start:stop] for start, stop in pairwise(ends)]


def pieces(chunks: list[bytes]) -> list[bytes]:
    return [bytes(piece) for piece in whole_records(chunks)]


# Payloads that hold the magic number, alone and with lengths that lead somewhere.
payloads = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from([MAGIC, MAGIC * 3, b"abcd" + MAGIC + struct.pack("<I", 4) + b"efgh"]),
    ),
    max_size=6,
)
borders = st.lists(st.integers(0, 300), max_size=8)


@given(payloads, borders)
def test_pieces_are_whole_records_in_order(records: list[bytes], borders: list[int]) -> None:
    framed = [frame(each) for each in records]
    found = pieces(cut(b"".join(framed), borders))
    assert b"".join(found) == b"".join(framed)
    ends = {len(b"".join(framed[:number])) for number in range(len(framed) + 1)}
    assert all(len(b"".join(found[:number])) in ends for number in range(len(found) + 1))


@given(payloads, borders, st.binary(min_size=1, max_size=30))
def test_what_is_no_record_begins_the_last_piece(
    records: list[bytes], borders: list[int], rest: bytes
) -> None:
    rest = b"?" + rest
    data = b"".join(frame(each) for each in records)
    *whole, last = pieces(cut(data + rest, borders))
    assert b"".join(whole) == data
    # What follows the broken place is of no use, and is not read to its end.
    assert rest.startswith(last)
    with pytest.raises(InvalidDataError, match="byte 0 begins no RecordIO record"):
        recordio.decode(last)


@given(payloads, borders, st.integers(1, 12))
def test_a_record_that_is_cut_off_is_the_last_piece(
    records: list[bytes], borders: list[int], short: int
) -> None:
    data = b"".join(frame(each) for each in records)
    torn = frame(b"12345")[:-short]
    *whole, last = pieces(cut(data + torn, borders))
    assert (b"".join(whole), last) == (data, torn)


@given(batches(bits=32), borders)
def test_rows_are_those_of_the_whole(batch: FeatureRows, borders: list[int]) -> None:
    data = b"".join(recordio.encode(batch).to_pylist())
    found = [recordio.split(piece) for piece in pieces(cut(data, borders))]
    assert [record for piece in found for record in piece] == recordio.split(data)


def test_one_long_record_comes_in_many_chunks() -> None:
    data = frame(bytes(range(256)) * 400)
    chunks = cut(data, list(range(0, len(data), 1000)))
    assert pieces(chunks) == [data]


def test_the_goldens_are_cut_at_their_records() -> None:
    for path in GOLDENS.glob("*.pbr"):
        data = path.read_bytes()
        one_by_one = pieces([data[at : at + 7] for at in range(0, len(data), 7)])
        assert b"".join(one_by_one) == data
        assert len(one_by_one) > 1
