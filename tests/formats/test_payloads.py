from __future__ import annotations

import pyarrow as pa

from sparkml_sm.formats import payload


def binary(rows: list[bytes]) -> pa.LargeBinaryArray:
    return pa.array(rows, pa.large_binary())


def test_a_slice_of_encoded_rows() -> None:
    array = binary([b"aaaa", b"b", b"cc", b"dddd"]).slice(1, 2)
    assert bytes(payload(array, 0, 2)) == b"bcc"


def test_a_payload_is_no_copy() -> None:
    array = binary([b"ab", b"cd"])
    body = payload(array, 1, 2)
    assert body.obj is not None
    assert pa.py_buffer(body).address == array.buffers()[2].address + 2


def test_no_rows() -> None:
    assert bytes(payload(binary([]), 0, 0)) == b""
