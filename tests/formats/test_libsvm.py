from __future__ import annotations

import contextlib
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import FORMATS, FeatureRows, libsvm, slice_rows
from sparkml_sm.formats.rows import positions
from sparkml_sm.testing.formats import RowFormatContract, make_rows, same_rows
from tests.formats.strategies import batches
from tests.formats.witness import GOLDENS, golden_rows

NAMES = sorted(path.stem for path in GOLDENS.glob("*.libsvm"))


def encoded(rows: FeatureRows) -> bytes:
    return b"".join(libsvm.encode(rows).to_pylist())


class TestContract(RowFormatContract):
    format = FORMATS["libsvm"]
    nan = "absent"
    weighted = True
    broken = (
        b"x 1:2\n",
        b"1 a:2\n",
        b"1 1:x\n",
        b"1 1\n",
        b"1 1:2:3\n",
        b"1:2:3 1:2\n",
        b"1 1:\n",
        b"1 :1\n",
        b"1 1 : 2\n",
        b"1 1::2\n",
        b": \n",
        b"1 0:2\n",
        b"1 qid:3 1:2\n",
        b"1 1:1 1:2\n",
        b"1 2:2\n",
        b"1:1 1:2\n0 1:2\n",
        "1 1:\N{SNOWMAN}\n".encode(),
    )

    def decode(self, data: bytes, like: FeatureRows) -> FeatureRows:
        return libsvm.decode(data, width=like.width, label=like.label is not None)


@pytest.mark.parametrize("name", NAMES)
def test_reads_the_text_of_the_predecessor(name: str) -> None:
    rows = golden_rows(name)
    same_rows(libsvm.decode((GOLDENS / f"{name}.libsvm").read_bytes(), rows.width), rows)


@pytest.mark.parametrize("name", NAMES)
def test_writes_text_that_reads_back_as_the_predecessors(name: str) -> None:
    theirs = (GOLDENS / f"{name}.libsvm").read_text().splitlines()
    ours = encoded(golden_rows(name)).decode().splitlines()
    assert [parsed(line) for line in ours] == [parsed(line) for line in theirs]


def test_there_are_goldens_of_every_kind() -> None:
    assert NAMES == ["dense_1", "dense_50", "sparse_200", "sparse_262144"]


def parsed(line: str) -> tuple[float, list[tuple[int, float]]]:
    """Read a line by Python's own means."""
    label, *pairs = line.split()
    return float(label), [(int(pair.split(":")[0]), float(pair.split(":")[1])) for pair in pairs]


@pytest.mark.parametrize(
    ("row", "columns", "line"),
    [
        ([1.0, 0.0, -2.5], {"label": [1]}, b"1 1:1 2:0 3:-2.5\n"),
        ({1: 4.0}, {"label": [0.5]}, b"0.5 2:4\n"),
        ({}, {"label": [7]}, b"7\n"),
        ({2: -0.0}, {}, b"3:-0\n"),
        ({}, {}, b"\n"),
        ([1.0, np.nan, 1e300], {"label": [1], "weight": [0.25]}, b"1:0.25 1:1 3:1e+300\n"),
    ],
)
def test_known_lines(
    row: list[float] | dict[int, float], columns: dict[str, list[float]], line: bytes
) -> None:
    assert encoded(make_rows([row], 3, **columns)) == line


@given(batches())
def test_without_label_no_row_is_lost(rows: FeatureRows) -> None:
    zeros = replace(rows, label=np.zeros(len(rows)))
    text = encoded(replace(rows, label=None))
    assert [b"0 " + line for line in text.splitlines()] == [
        line if b" " in line else b"0 " for line in encoded(zeros).splitlines()
    ]
    read = libsvm.decode(encoded(zeros), rows.width)
    same_rows(libsvm.decode(text, rows.width, label=False), replace(read, label=None))


def test_a_weight_without_label_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="pass labelCol too"):
        libsvm.encode(make_rows([[1.0]], 1, weight=[1]))


@given(batches(weights=True))
def test_round_trip_with_weights(rows: FeatureRows) -> None:
    same_rows(libsvm.decode(encoded(rows), rows.width), rows)


@given(batches())
def test_python_reads_the_same_bits(rows: FeatureRows) -> None:
    check_by_python(rows)


@given(batches(kinds=("sparse",)))
def test_python_reads_the_same_bits_in_wide_rows(rows: FeatureRows) -> None:
    check_by_python(rows)


def check_by_python(rows: FeatureRows) -> None:
    lines = encoded(rows).decode().splitlines()
    assert len(lines) == len(rows)
    for place, line in enumerate(lines):
        row = slice_rows(rows, place, place + 1)
        label, pairs = parsed(line if row.label is not None else f"0 {line}")
        assert label == (0 if row.label is None else row.label[0])
        assert [index - 1 for index, _ in pairs] == positions(row).tolist()
        found = np.array([value for _, value in pairs])
        assert repr(found.tolist()) == repr(row.values.tolist())


@pytest.mark.parametrize("share", [0, 1, 4, 5, 9, 10])
def test_whole_numbers_among_others(share: int) -> None:
    numbers = [float(each) if each < share else each + 0.5 for each in range(10)]
    rows = make_rows([numbers, [*numbers[1:], -0.0]], 10, label=[0.5, 2.0**60])
    check_by_python(rows)


def test_xgboost_reads_the_same(tmp_path: Path) -> None:
    xgboost = pytest.importorskip("xgboost")
    rows = make_rows(
        [[0.5, 0.0, -2.0], {1: 4.0}, [1.0, np.nan, 3.0], {0: 1.25, 2: 1e10}],
        3,
        label=[1, 0, 2, 3],
        weight=[1, 2, 0.5, 4],
    )
    path = tmp_path / "rows.libsvm"
    path.write_bytes(encoded(rows))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = xgboost.DMatrix(f"{path}?format=libsvm&indexing_mode=1")
    assert data.get_label().tolist() == [1, 0, 2, 3]
    assert data.get_weight().tolist() == [1, 2, 0.5, 4]
    found = data.get_data()
    assert found.shape == (4, 3)
    # NaN is missing to XGBoost, zeros that are written are values.
    assert np.diff(found.indptr).tolist() == [3, 1, 2, 2]
    assert found.indices.tolist() == [0, 1, 2, 1, 0, 2, 0, 2]
    assert found.data.tolist() == [0.5, 0.0, -2.0, 4.0, 1.0, 3.0, 1.25, 1e10]


def test_reads_comments_blank_lines_and_windows_line_ends() -> None:
    text = b"# header\r\n1 1:2 \t 3:4\r\n\r\n  0\n2   2:1 # a:b"
    same_rows(libsvm.decode(text), make_rows([{0: 2.0, 2: 4.0}, {}, {1: 1.0}], 3, label=[1, 0, 2]))


@given(st.text(alphabet="0123456789 :\n\t.-#eaN\u2603", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidDataError):
        assert len(libsvm.decode(text.encode())) <= text.count("\n") + 1


def test_a_row_of_all_features_is_dense() -> None:
    assert libsvm.decode(b"1 1:5 2:6\n0 1:5\n").dense.tolist() == [True, False]


def test_no_text_is_no_rows() -> None:
    rows = libsvm.decode(b"\n\n", width=4)
    assert (len(rows), rows.width) == (0, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1 1:1\n1 0:1\n", "row 1 .* below 1: indices are 1-based"),
        (b"1 1:1\n\n1 1:1\n1 9:1\n", "row 2 .* beyond 8"),
        (b"1 1:1\n1 2:1 1:1\n", "row 1 .* do not ascend"),
        (b"1 1:1\n1 1:secret\n", "row 1: a value is not a number"),
        (b"1 1:1\nsecret 1:1\n", "row 1: the label is not a number"),
        (b"1 1:1\n2:1 1:1\n", "row 1 .* only some rows have a weight"),
        (b"1 1:1\n2 1:\n", "row 1 .* colon without a number"),
        (b"1 1:1\n2 5\n", "row 1 .* pairs of index:value"),
    ],
)
def test_messages_name_row_and_reason(text: bytes, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message) as caught:
        libsvm.decode(text, width=8)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
