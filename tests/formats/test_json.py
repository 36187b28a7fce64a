from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import FeatureRows, Format, jsonlines, slice_rows
from sparkml_sm.formats import json as json_format
from sparkml_sm.testing.formats import RowFormatContract, make_rows, same_rows
from tests.formats.strategies import batches


def body(rows: FeatureRows) -> bytes:
    return b'{"instances":[' + b",".join(json_format.encode(rows).to_pylist()) + b"]}"


def instances(*objects: Any) -> bytes:
    return json.dumps({"instances": objects}).encode()


class TestLinesContract(RowFormatContract):
    format = Format(
        name="jsonlines",
        contentType="application/jsonlines",
        extension=".jsonl",
        decode=jsonlines.decode,
        encode=jsonlines.encode,
        split=jsonlines.split,
    )
    labelled = False
    broken = (b"1,2\n", b"{}\n", b'{"features":[1,2]}\n{"features":[1', b"\xff\n")


@given(batches(nan=True, labels=False))
def test_round_trip(rows: FeatureRows) -> None:
    same_rows(json_format.decode(body(rows)), rows)
    same_rows(jsonlines.decode(b"".join(jsonlines.encode(rows).to_pylist())), rows)


@given(batches(nan=True, labels=False))
def test_python_reads_the_same(rows: FeatureRows) -> None:
    found = json.loads(body(rows), parse_constant=pytest.fail)["instances"]
    assert len(found) == len(rows)
    for place, instance in enumerate(found):
        row = slice_rows(rows, place, place + 1)
        expected = [None if np.isnan(each) else each for each in row.values.tolist()]
        if row.dense[0]:
            assert instance == {"features": expected}
        else:
            keys = row.indices.tolist()
            tensor = {"keys": keys, "shape": [rows.width], "values": expected}
            assert instance == {"data": {"features": tensor}}


@given(batches(labels=False, kinds=("sparse",)))
def test_wide_rows_stay_sparse(rows: FeatureRows) -> None:
    found = json_format.decode(body(rows))
    for name in ("values", "value_offsets", "indices", "index_offsets", "dense", "width"):
        np.testing.assert_array_equal(getattr(found, name), getattr(rows, name))


def test_reads_all_forms_that_the_algorithms_take() -> None:
    text = b"""
      {"instances": [{"features": [1.5, 16, -0.0]},
                     {"data": {"features": {"values": [1.0, null, 2e0]}}},
                     {"data": {"features": {"keys": [0, 2], "shape": [3], "values": [4, 5]}}},
                     {"data": {"features": {"keys": [], "shape": [1, 3], "values": []}}}]}"""
    rows = make_rows([[1.5, 16.0, -0.0], [1.0, np.nan, 2.0], {0: 4.0, 2: 5.0}, {}], 3)
    same_rows(json_format.decode(text), rows)
    lines = b"\n".join(json.dumps(each).encode() for each in json.loads(text)["instances"])
    same_rows(jsonlines.decode(lines), rows)


def test_no_rows() -> None:
    assert len(json_format.encode(make_rows([], 3))) == 0
    assert len(json_format.decode(b'{"instances":[]}')) == 0
    assert json_format.decode(b'{"instances":[]}', 7).width == 7
    assert len(jsonlines.decode(b"\n")) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "the body is not JSON"),
        (b"[" * 200_000, "the body is not JSON"),
        (b'{"instances":[{"features":[1', "the body is not JSON"),
        (b"[1]", 'no list "instances"'),
        (b'{"instances":{}}', 'no list "instances"'),
        (instances({"features": [1]}, [1.0]), "instance 1 .* is none"),
        (instances({"features": 1}), "instance 0 .* is none"),
        (instances({"data": {"features": {"keys": [1], "values": [1]}}}), "instance 0 .* is none"),
        (
            instances({"data": {"features": {"keys": [0], "shape": [True], "values": [1]}}}),
            "instance 0 .* is none",
        ),
        (
            instances({"data": {"features": {"keys": [0], "shape": [2**40], "values": [1]}}}),
            "instance 0 .* is none",
        ),
        (instances({"features": [1]}, {"features": ["1"]}), "instance 1 .* no number"),
        (instances({"features": [True]}), "instance 0 .* no number"),
        (instances({"features": [1]}, {"features": [10**400]}), "instance 1 .* too large"),
        (b'{"instances":[{"features":[1e999]}]}', "instance 0 .* too large"),
        (instances({"features": [1]}, {"features": [1, 2]}), "instance 1 .* not have 1 features"),
        (
            instances({"data": {"features": {"keys": [0, 1], "shape": [2], "values": [1]}}}),
            "instance 0 .* another number of keys",
        ),
        (
            instances({"data": {"features": {"keys": [2], "shape": [2], "values": [1]}}}),
            "instance 0 .* outside of 0 to 1",
        ),
        (
            instances({"data": {"features": {"keys": [1, 1], "shape": [2], "values": [1, 1]}}}),
            "instance 0 .* do not ascend",
        ),
        (
            instances({"data": {"features": {"keys": [0.5], "shape": [2], "values": [1]}}}),
            "instance 0 .* no number",
        ),
    ],
)
def test_what_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        json_format.decode(text)


def test_a_width_that_is_expected() -> None:
    with pytest.raises(InvalidDataError, match=r"instance 0 .* does not have 3 features"):
        json_format.decode(instances({"features": [1, 2]}), 3)
    with pytest.raises(InvalidDataError, match=r"instance 0 .* does not have 3 features"):
        jsonlines.decode(b'{"features":[1]}', 3)


def test_a_line_that_is_not_json_is_named() -> None:
    with pytest.raises(InvalidDataError, match="line 1 is not JSON"):
        jsonlines.decode(b'{"features":[1]}\n{"features":[1\n')


@pytest.mark.parametrize("columns", [{"label": [1.0]}, {"label": [1.0], "weight": [1.0]}])
def test_requests_carry_features_alone(columns: dict[str, list[float]]) -> None:
    with pytest.raises(InvalidDataError, match="features alone"):
        json_format.encode(make_rows([[1.0]], 1, **columns))


@given(batches(labels=False, nan=True), st.data())
def test_damaged_bodies_are_read_or_refused(rows: FeatureRows, data: st.DataObject) -> None:
    content = bytearray(body(rows)[:400])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 127))
    for decode in (json_format.decode, jsonlines.decode):
        with contextlib.suppress(InvalidDataError):
            decode(bytes(content))


def test_infinity_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="no infinity"):
        json_format.encode(make_rows([[1.0, np.inf]], 2))
