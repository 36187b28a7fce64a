from __future__ import annotations

import csv as python_csv
import io

import numpy as np
import pytest
from hypothesis import given

from sparkml_sm.errors import InferenceError, InvalidDataError
from sparkml_sm.formats import FORMATS, FeatureRows, csv, dense_matrix
from sparkml_sm.testing.formats import RowFormatContract, make_rows, same_rows
from tests.formats.strategies import batches


def encoded(rows: FeatureRows) -> bytes:
    return b"".join(csv.encode(rows).to_pylist())


class TestContract(RowFormatContract):
    format = FORMATS["csv"]
    sparse = False
    weighted = True
    broken = (b"1,x\n", b",1\n", b"1,2\n1,2,3\n", b"1,2\n\n1\n", b'1,"2"\n')

    def decode(self, data: bytes, like: FeatureRows) -> FeatureRows:
        return csv.decode(data, label=like.label is not None, weight=like.weight is not None)


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ({}, b"1,0,-2.5\n"),
        ({"label": [7]}, b"7,1,0,-2.5\n"),
        ({"label": [7], "weight": [0.5]}, b"7,0.5,1,0,-2.5\n"),
        ({"weight": [0.5]}, b"0.5,1,0,-2.5\n"),
    ],
)
def test_known_lines(columns: dict[str, list[float]], line: bytes) -> None:
    assert encoded(make_rows([[1.0, 0.0, -2.5]], 3, **columns)) == line
    assert encoded(make_rows([{0: 1.0, 2: -2.5}], 3, **columns)) == line


@given(batches(nan=True))
def test_python_reads_the_same_bits(rows: FeatureRows) -> None:
    lines = list(python_csv.reader(io.StringIO(encoded(rows).decode())))
    expected = dense_matrix(rows)
    if rows.label is not None:
        expected = np.column_stack([rows.label, expected])
    assert repr([[float(each) for each in line] for line in lines]) == repr(expected.tolist())


@given(batches(weights=True))
def test_round_trip_with_weights(rows: FeatureRows) -> None:
    same_rows(csv.decode(encoded(rows), weight=True), rows, sparse=False)


def test_an_empty_field_is_a_missing_feature() -> None:
    same_rows(
        csv.decode(b"1,,3\r\n\r\n2, 4 ,"),
        make_rows([[np.nan, 3.0], [4.0, np.nan]], 2, label=[1, 2]),
    )


def test_no_text_is_no_rows() -> None:
    assert len(csv.decode(b"")) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1,2\n1,2,3\n", "row 1 of the CSV text has 3 columns and the first has 2"),
        (b"1,2\n1,secret\n", "row 1: a field of the CSV text is not a number"),
        (b"1,2\n\n,2\n", "row 1 of the CSV text has a label or weight that is missing"),
    ],
)
def test_messages_name_row_and_reason(text: bytes, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message) as caught:
        csv.decode(text)
    assert "secret" not in str(caught.value)


class TestAnswers:
    @pytest.mark.parametrize(
        ("body", "rows", "expected"),
        [
            (b"0.1,0.2,0.3", 3, [0.1, 0.2, 0.3]),
            (b"0.1,0.2,0.3\n", 3, [0.1, 0.2, 0.3]),
            (b"0.1\n0.2\n", 2, [0.1, 0.2]),
            (b"0.1\r\n0.2\r\n", 2, [0.1, 0.2]),
            (b"0.5", 1, [0.5]),
            (b"[0.1, 0.9]\n[0.3, 0.7]\n", 2, [[0.1, 0.9], [0.3, 0.7]]),
            (b"[[0.1, 0.9], [0.3, 0.7]]", 2, [[0.1, 0.9], [0.3, 0.7]]),
            (b"[0.1 0.9]\n[0.3\n 0.7]\n", 2, [[0.1, 0.9], [0.3, 0.7]]),
            (b"0.1,0.9\n0.3,0.7\n", 2, [[0.1, 0.9], [0.3, 0.7]]),
            (b"0.1,0.9\n", 1, [[0.1, 0.9]]),
            (b"[0.1, 0.9]\n", 1, [[0.1, 0.9]]),
            (b"1e-05\n-2E3\n", 2, [1e-5, -2e3]),
            (b"", 0, []),
        ],
    )
    def test_every_shape_of_xgboosts_answers(
        self, body: bytes, rows: int, expected: list[object]
    ) -> None:
        answers = csv.decode_answers(body, rows)
        assert answers.dtype == np.float64
        assert answers.tolist() == expected

    @pytest.mark.parametrize(
        ("body", "rows", "came"),
        [
            (b"0.1,0.2", 3, 2),
            (b"0.1,0.2,0.3,0.4", 3, 4),
            (b"0.1\n0.2\n", 3, 2),
            (b"0.1\n0.2\n", 1, 2),
            (b"0.1,0.9\n0.3,0.7\n", 4, 2),
            (b"[0.1, 0.9]\n", 2, 1),
            (b"[0.1, 0.9]\n[0.3, 0.7]\n", 1, 2),
            (b"", 2, 0),
            (b"0.1", 0, 1),
        ],
    )
    def test_a_wrong_number_of_answers_is_refused(self, body: bytes, rows: int, came: int) -> None:
        with pytest.raises(InferenceError, match=f"was sent {rows} rows and answered {came}:"):
            csv.decode_answers(body, rows)

    def test_rows_of_different_lengths_are_refused(self) -> None:
        with pytest.raises(InferenceError, match="between 1 and 2 numbers a row"):
            csv.decode_answers(b"0.1,0.9\n0.3\n", 2)

    def test_text_is_refused_with_a_short_hint(self) -> None:
        body = b"<html>" + b"x" * 1000
        with pytest.raises(InferenceError, match=r"not numbers \(it begins with '<html") as caught:
            csv.decode_answers(body, 1)
        assert len(str(caught.value)) < 200
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("body", [b"1,,2", b"\xff\xfe"])
    def test_other_text_is_refused(self, body: bytes) -> None:
        with pytest.raises(InferenceError):
            csv.decode_answers(body, 3 if b"," in body else 1)
