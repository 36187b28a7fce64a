from __future__ import annotations

import contextlib
import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import FORMATS, FeatureRows, recordio, slice_rows
from sparkml_sm.formats.rows import dense_rows
from sparkml_sm.testing.formats import RowFormatContract, make_rows, same_rows
from tests.formats.strategies import batches
from tests.formats.witness import GOLDENS, golden_rows, read_answers, read_recordio

NAMES = sorted(path.stem for path in GOLDENS.glob("*.pbr"))


def encoded(rows: FeatureRows) -> bytes:
    return b"".join(recordio.encode(rows).to_pylist())


def length_of(content: bytes) -> bytes:
    """A varint, for the messages that the tests write by hand."""
    number, out = len(content), bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + length_of(content) + content


def entry(number: int, tensor: bytes, key: bytes = b"values", kind: int = 2) -> bytes:
    return field(number, field(1, key) + field(2, field(kind, tensor)))


def frame(payload: bytes) -> bytes:
    return struct.pack("<II", 0xCED7230A, len(payload)) + payload + bytes(-len(payload) % 4)


def float32s(*numbers: float) -> bytes:
    return field(1, struct.pack(f"<{len(numbers)}f", *numbers))


class TestContract(RowFormatContract):
    format = FORMATS["recordio"]
    broken = (
        b"1,2,3\n",
        b"abc",
        struct.pack("<II", 0xCED7230A, 8) + b"1234",
        struct.pack("<II", 0xCED7230A, 4),
        struct.pack("<II", 0xCED7230A, 1 << 29 | 4) + b"1234",
        frame(b""),
        frame(b"\x0a\x50" + b"x" * 10),
        frame(b"\x0b"),
        frame(b"\x0a"),
        frame(b"\xff" * 12),
        frame(entry(1, b"", kind=9)),
        frame(entry(1, float32s(1.0) + field(2, b"\x00"))),
        frame(entry(1, float32s(1.0) + field(2, b"\x07") + field(3, b"\x03"))),
        frame(entry(1, float32s(1.0, 2.0) + field(2, b"\x02\x01") + field(3, b"\x03"))),
        frame(entry(1, float32s(1.0) + field(2, b"\x01\x02") + field(3, b"\x03"))),
        frame(entry(1, field(1, b"12345"))),
        frame(entry(1, float32s(1.0) + field(2, b"\x81") + field(3, b"\x03"))),
        frame(entry(1, float32s(1.0))) + frame(entry(1, float32s(1.0, 2.0))),
        frame(entry(1, float32s(1.0))) + frame(entry(1, float32s(1.0)) + entry(2, float32s(1.0))),
    )


@pytest.mark.parametrize("name", NAMES)
def test_writes_the_bytes_of_the_predecessor(name: str) -> None:
    assert encoded(golden_rows(name)) == (GOLDENS / f"{name}.pbr").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_reads_the_bytes_of_the_predecessor(name: str) -> None:
    same_rows(recordio.decode((GOLDENS / f"{name}.pbr").read_bytes()), golden_rows(name))


def test_there_are_goldens_of_every_kind() -> None:
    assert NAMES == ["dense_1", "dense_50", "mixed_3", "sparse_200", "sparse_262144"]


@pytest.mark.parametrize(
    ("row", "width", "label", "payload"),
    [
        ([1.0, 2.0], 2, 0.0, "0a160a0676616c756573120c120a0a080000803f00000040"
         "12120a0676616c756573120812060a0400000000"),
        ({1: 1.0, 3: 2.0}, 4, None,
         "0a1d0a0676616c756573121312110a080000803f00000040120201031a0104"),
        ({}, 3, None, "0a0f0a0676616c756573120512031a0103"),
        ([], 0, None, "0a0c0a0676616c75657312021200"),
    ],
)  # fmt: skip
def test_known_payloads(
    row: list[float] | dict[int, float], width: int, label: float | None, payload: str
) -> None:
    columns = {} if label is None else {"label": [label]}
    assert encoded(make_rows([row], width, **columns)) == frame(bytes.fromhex(payload))


def witnessed(rows: FeatureRows) -> None:
    records = read_recordio(encoded(rows))
    assert len(records) == len(rows)
    for place, record in enumerate(records):
        row = slice_rows(rows, place, place + 1)
        assert record["values"] == row.values.tolist()
        assert record["keys"] == row.indices.tolist()
        assert record["shape"] == ([] if row.dense[0] else [rows.width])
        assert record["label"] == (None if row.label is None else row.label[0])


@given(batches(bits=32))
def test_another_reader_finds_the_same(rows: FeatureRows) -> None:
    witnessed(rows)


@given(batches(bits=32, kinds=("sparse",)))
def test_another_reader_finds_the_same_in_wide_rows(rows: FeatureRows) -> None:
    witnessed(rows)
    same_rows_wide(recordio.decode(encoded(rows)), rows)


@given(batches(bits=32, nan=True))
def test_round_trip(rows: FeatureRows) -> None:
    same_rows(recordio.decode(encoded(rows)), rows)


def same_rows_wide(found: FeatureRows, expected: FeatureRows) -> None:
    """Compare without the matrix."""
    for name in ("values", "value_offsets", "indices", "index_offsets", "dense", "width"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_keys_of_every_length() -> None:
    keys = [0, 127, 128, 16383, 16384, 2097151, 2097152, 268435455, 268435456, 2**31 - 2]
    rows = make_rows([dict.fromkeys(keys, 1.0), {}, {keys[-1]: 2.0}], 2**31 - 1)
    assert [record["keys"] for record in read_recordio(encoded(rows))] == [keys, [], keys[-1:]]
    same_rows_wide(recordio.decode(encoded(rows)), rows)


@pytest.mark.parametrize("width", [25, 26, 27, 28, 29, 30, 31, 32, 4000, 5000])
def test_lengths_of_one_two_and_three_bytes(width: int) -> None:
    rows = dense_rows(np.arange(2.0 * width).reshape(2, width), label=np.ones(2))
    witnessed(rows)
    witnessed(dense_rows(rows.values.reshape(2, width)))


def test_reads_what_other_writers_write() -> None:
    float64s = field(1, struct.pack("<2d", 0.1, -2.0))
    int32s = field(1, b"\x07" + b"\xff" * 9 + b"\x01")
    unpacked = b"\x0d" + struct.pack("<f", 3.0) + b"\x0d" + struct.pack("<f", 4.0)
    sparse = field(1, struct.pack("<f", 9.0)) + b"\x10\x01" + b"\x18\x02"
    unknown = b"\x28\x96\x01" + b"\x31" + bytes(8) + field(3, b"uid") + b"\x3d" + bytes(4)
    data = b"".join(
        [
            frame(entry(1, float64s, kind=3)),
            frame(unknown + entry(1, int32s, kind=7) + unknown),
            frame(entry(1, unpacked) + entry(1, b"", key=b"other")),
            frame(entry(1, sparse)),
            frame(entry(1, float32s(1.0)) + entry(1, float32s(5.0, 6.0))),
        ]
    )
    expected = make_rows([[0.1, -2.0], [7.0, -1.0], [3.0, 4.0], {1: 9.0}, [5.0, 6.0]], 2)
    same_rows(recordio.decode(data), expected)


def test_a_magic_number_among_the_values_is_no_frame() -> None:
    magic = struct.unpack("<f", struct.pack("<I", 0xCED7230A))[0]
    rows = dense_rows(np.array([[magic] * 9, [1.0] * 9]), label=np.array([magic, magic]))
    data = encoded(rows)
    assert data.count(struct.pack("<I", 0xCED7230A)) > 2
    same_rows(recordio.decode(data), rows)
    assert len(recordio.split(data)) == 2


def test_every_nan_is_a_nan() -> None:
    signalling = np.array([0x7FF4000000000000, 0x3FF0000000000000], dtype=np.uint64)
    data = encoded(dense_rows(signalling.view(np.float64)[None, :]))
    same_rows(recordio.decode(data), make_rows([[np.nan, 1.0]], 2))
    data = frame(entry(1, field(1, bytes.fromhex("0000a07f0000803f"))))
    same_rows(recordio.decode(data), make_rows([[np.nan, 1.0]], 2))


@given(st.sampled_from(NAMES), st.data())
def test_damaged_records_are_read_or_refused(name: str, data: st.DataObject) -> None:
    """Whatever the bytes: rows, or the one error that says what is wrong."""
    content = bytearray((GOLDENS / f"{name}.pbr").read_bytes()[:480])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    for decode in (recordio.decode, recordio.decode_labels):
        with contextlib.suppress(InvalidDataError):
            decode(bytes(content))


def test_no_bytes_are_no_rows() -> None:
    assert len(recordio.decode(b"")) == 0
    assert recordio.split(b"") == []


def test_reads_a_view() -> None:
    rows = golden_rows("sparse_200")
    data = memoryview(b"x" + encoded(rows))[1:]
    same_rows(recordio.decode(data), rows)


@pytest.mark.parametrize("row", [[1.0, 1e39], {1: -1e39}])
def test_a_number_beyond_32_bits_is_refused(row: list[float] | dict[int, float]) -> None:
    with pytest.raises(InvalidDataError, match="row 1 of the batch holds a number too large"):
        recordio.encode(make_rows([[1.0, 2.0], row], 2, label=[0, 0]))


def test_a_label_beyond_32_bits_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="row 2 of the batch"):
        recordio.encode(make_rows([[1.0]] * 3, 1, label=[0, 1, 1e300]))


def test_messages_name_the_record() -> None:
    good = frame(entry(1, float32s(1.0, 2.0)))
    with pytest.raises(InvalidDataError, match="record 2 of the RecordIO data does not have 2"):
        recordio.decode(good + good + frame(entry(1, float32s(1.0))))
    with pytest.raises(InvalidDataError, match=r'record 1 .* has no features "values"'):
        recordio.decode(good + frame(entry(2, float32s(1.0))))
    with pytest.raises(InvalidDataError, match="byte 32 begins no RecordIO record"):
        recordio.decode(good + b"oops")


class TestAnswers:
    def test_numbers_and_vectors_by_name(self) -> None:
        data = b"".join(
            frame(
                entry(2, float32s(score, 1 - score), key=b"score")
                + entry(2, float32s(label), key=b"predicted_label")
            )
            for score, label in ((0.25, 0.0), (0.75, 1.0))
        )
        answers = recordio.decode_labels(data)
        assert sorted(answers) == ["predicted_label", "score"]
        same_rows(answers["score"], make_rows([[0.25, 0.75], [0.75, 0.25]], 2))
        same_rows(answers["predicted_label"], make_rows([[0.0], [1.0]], 1))

    def test_sparse_vectors(self) -> None:
        tensor = float32s(0.5) + field(2, b"\x03") + field(3, b"\x05")
        answers = recordio.decode_labels(frame(entry(2, tensor, key=b"topic_mixture")))
        same_rows(answers["topic_mixture"], make_rows([{3: 0.5}], 5))

    def test_a_record_without_the_answer_is_refused(self) -> None:
        data = frame(entry(2, float32s(1.0), key=b"score")) + frame(b"")
        with pytest.raises(InvalidDataError, match="record 1 of the RecordIO answers has no 'sc"):
            recordio.decode_labels(data)

    def test_no_records(self) -> None:
        assert recordio.decode_labels(b"") == {}


SINGLE = st.floats(width=32, allow_nan=False)


@st.composite
def answers(draw: st.DrawFn) -> dict[str, list[float] | list[list[float]]]:
    rows = draw(st.integers(0, 5))
    columns: dict[str, list[float] | list[list[float]]] = {}
    for name in draw(st.lists(st.text(min_size=1, max_size=40), unique=True, min_size=1)):
        width = draw(st.sampled_from([None, 0, 1, 3, 40]))
        item = SINGLE if width is None else st.lists(SINGLE, min_size=width, max_size=width)
        columns[name] = draw(st.lists(item, min_size=rows, max_size=rows))  # type: ignore[arg-type]
    return columns


class TestEncodedAnswers:
    @given(answers())
    def test_another_reader_and_ours_find_the_same(
        self, columns: dict[str, list[float] | list[list[float]]]
    ) -> None:
        kinds = {True: pa.list_(pa.float64()), False: pa.float64()}
        arrays = {
            name: pa.array(column, kinds[bool(column) and isinstance(column[0], list)])
            for name, column in columns.items()
        }
        data = recordio.encode_labels(arrays)
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        lists = [{n: v if isinstance(v, list) else [v] for n, v in row.items()} for row in rows]
        assert read_answers(data) == lists
        assert [list(each) for each in read_answers(data)] == [list(columns)] * len(rows)
        for name, found in recordio.decode_labels(data).items():
            assert found.values.tolist() == [number for row in lists for number in row[name]]

    def test_lists_of_every_kind_and_slices(self) -> None:
        numbers = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
        expected = [{"v": [3.0, 4.0], "n": [7.0]}, {"v": [5.0, 6.0], "n": [8.0]}]
        whole = pa.array([0, 7, 8], pa.int32())[1:]
        kinds = (pa.list_(pa.float32()), pa.large_list(pa.float64()), pa.list_(pa.float64(), 2))
        for kind in kinds:
            data = recordio.encode_labels({"v": pa.array(numbers, kind)[1:], "n": whole})
            assert read_answers(data) == expected

    def test_lists_of_different_lengths(self) -> None:
        data = recordio.encode_labels({"v": pa.array([[1.0], [], [2.0, 3.0]])})
        assert read_answers(data) == [{"v": [1.0]}, {"v": []}, {"v": [2.0, 3.0]}]

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ({"a": pa.array([1.0]), "b": pa.array([1.0, 2.0])}, "one length"),
            ({}, "one length"),
            ({"a": pa.array([1.0, None])}, "'a' hold a null"),
            ({"a": pa.array([[1.0], None])}, "'a' hold a null"),
            ({"a": pa.array([[1.0, None]])}, "'a' hold a null"),
            ({"a": pa.array([1e39])}, "'a' hold a number too large"),
        ],
    )
    def test_what_is_refused(self, columns: dict[str, pa.Array], message: str) -> None:
        with pytest.raises(InvalidDataError, match=message):
            recordio.encode_labels(columns)
