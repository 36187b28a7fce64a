"""Answers, written by others than those who read them; no Spark is started."""

from __future__ import annotations

import csv
import datetime
import inspect
import io
import json
import math
import pickle
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from unittest.mock import ANY

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark import cloudpickle
from pyspark.ml.linalg import VectorUDT
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from sparkml_sm.errors import ConfigurationError, InferenceError
from sparkml_sm.formats import recordio
from sparkml_sm.inference import deserializers
from sparkml_sm.transformation.deserializers import (
    BinaryResponseRowDeserializer,
    CSVResponseRowDeserializer,
    FactorizationMachinesBinaryClassifierDeserializer,
    FactorizationMachinesRegressorDeserializer,
    JSONLinesResponseRowDeserializer,
    JSONResponseRowDeserializer,
    KMeansProtobufResponseRowDeserializer,
    LDAProtobufResponseRowDeserializer,
    LibSVMResponseRowDeserializer,
    LinearLearnerBinaryClassifierProtobufResponseRowDeserializer,
    LinearLearnerMultiClassClassifierProtobufResponseRowDeserializer,
    LinearLearnerRegressorProtobufResponseRowDeserializer,
    NPYResponseRowDeserializer,
    ParquetResponseRowDeserializer,
    PCAProtobufResponseRowDeserializer,
    ProtobufResponseRowDeserializer,
    ResponseRowDeserializer,
    TextResponseRowDeserializer,
    XGBoostCSVRowDeserializer,
)
from tests.formats.test_recordio import entry, field, float32s, frame

NUMBER, VECTOR = DoubleType(), VectorUDT()
MAXIMUM = float(np.finfo(np.float32).max)
INSTANT = datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.UTC)
SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False)


def schema(**kinds: DataType) -> StructType:
    return StructType([StructField(name, kind) for name, kind in kinds.items()])


SCORED = schema(score=NUMBER, topics=VECTOR)
BUILT_IN = (
    BinaryResponseRowDeserializer("image", "image/png"),
    CSVResponseRowDeserializer(SCORED),
    FactorizationMachinesBinaryClassifierDeserializer("a", "b"),
    FactorizationMachinesRegressorDeserializer("a"),
    JSONLinesResponseRowDeserializer(SCORED, ["a", "b"]),
    JSONResponseRowDeserializer(SCORED, "outputs"),
    KMeansProtobufResponseRowDeserializer("a", "b"),
    LDAProtobufResponseRowDeserializer("a", size=3),
    LibSVMResponseRowDeserializer(3, "a", "b"),
    LinearLearnerBinaryClassifierProtobufResponseRowDeserializer("a", "b"),
    LinearLearnerMultiClassClassifierProtobufResponseRowDeserializer("a", "b", size=5),
    LinearLearnerRegressorProtobufResponseRowDeserializer("a"),
    NPYResponseRowDeserializer(SCORED),
    PCAProtobufResponseRowDeserializer("a"),
    ParquetResponseRowDeserializer(SCORED, ["a", "b"], bytesPerRow=100),
    ProtobufResponseRowDeserializer(SCORED, ["a", "b"], size=2),
    TextResponseRowDeserializer("a"),
    XGBoostCSVRowDeserializer("a", vector=True, size=3),
)

KEYS = (
    *(b"closest_cluster", b"distance_to_cluster", b"score", b"predicted_label"),
    *(b"a", b"b", b"projection", b"topic_mixture"),
)

rows_of_score_and_topics = st.integers(1, 4).flatmap(
    lambda size: st.lists(
        st.tuples(SINGLE, st.lists(SINGLE, min_size=size, max_size=size)), min_size=1, max_size=6
    )
)
Rows = Sequence[tuple[float, list[float]]]


def read(deserializer: ResponseRowDeserializer, body: bytes, rows: int) -> list[list[Any]]:
    return [column.to_pylist() for column in deserializer.columns(body, rows)]


def columns_of(rows: Rows) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def protobuf(rows: Rows) -> bytes:
    return b"".join(
        frame(entry(2, float32s(score), b"score") + entry(2, float32s(*topics), b"topics"))
        for score, topics in rows
    )


def parquet_of(**columns: list[Any]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


class TestRoundTrips:
    @given(rows_of_score_and_topics)
    def test_protobuf(self, rows: Rows) -> None:
        body = protobuf(rows)
        assert read(ProtobufResponseRowDeserializer(SCORED), body, len(rows)) == columns_of(rows)

    @given(rows_of_score_and_topics)
    def test_what_our_side_answers(self, rows: Rows) -> None:
        scores, topics = columns_of(rows)
        body = recordio.encode_labels({"topics": pa.array(topics), "score": pa.array(scores)})
        assert read(ProtobufResponseRowDeserializer(SCORED), body, len(rows)) == columns_of(rows)

    @given(rows_of_score_and_topics)
    def test_json(self, rows: Rows) -> None:
        objects = [{"score": score, "topics": topics, "more": None} for score, topics in rows]
        body = json.dumps({"predictions": objects}).encode()
        assert read(JSONResponseRowDeserializer(SCORED), body, len(rows)) == columns_of(rows)
        lines = "\n".join(map(json.dumps, objects)).encode()
        assert read(JSONLinesResponseRowDeserializer(SCORED), lines, len(rows)) == columns_of(rows)

    @settings(deadline=None)
    @given(rows_of_score_and_topics, st.sampled_from(["\n", "\r\n"]), st.booleans())
    def test_csv(self, rows: Rows, ending: str, ended: bool) -> None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator=ending)
        writer.writerows([score, *topics] for score, topics in rows)
        body = text.getvalue() if ended else text.getvalue().rstrip()
        found = read(CSVResponseRowDeserializer(SCORED), body.encode(), len(rows))
        assert found == columns_of(rows)

    @settings(deadline=None)
    @given(rows_of_score_and_topics, st.sampled_from(["<f8", ">f4", "<f2"]), st.booleans())
    def test_npy(self, rows: Rows, kind: str, fortran: bool) -> None:
        matrix = np.array([[score, *topics] for score, topics in rows]).clip(-6e4, 6e4)
        matrix = np.array(matrix, dtype=kind, order="F" if fortran else "C")
        body = io.BytesIO()
        np.save(body, matrix)
        found = read(NPYResponseRowDeserializer(SCORED), body.getvalue(), len(rows))
        assert found == [matrix[:, 0].tolist(), matrix[:, 1:].tolist()]

    @given(rows_of_score_and_topics)
    def test_libsvm(self, rows: Rows) -> None:
        dim = len(rows[0][1])
        lines = [
            " ".join([repr(score), *[f"{at + 1}:{each!r}" for at, each in enumerate(topics)]])
            for score, topics in rows
        ]
        body = "\n".join(lines).encode()
        found = read(LibSVMResponseRowDeserializer(dim, "score", "topics"), body, len(rows))
        assert found == columns_of(rows)


@pytest.mark.parametrize(
    ("deserializer", "keys", "columns"),
    [
        (
            KMeansProtobufResponseRowDeserializer(),
            {"closest_cluster": [2.0], "distance_to_cluster": [1.5]},
            {"distance_to_cluster": 1.5, "closest_cluster": 2.0},
        ),
        (
            KMeansProtobufResponseRowDeserializer("far", "near"),
            {"closest_cluster": [2.0], "distance_to_cluster": [1.5]},
            {"far": 1.5, "near": 2.0},
        ),
        (
            PCAProtobufResponseRowDeserializer(),
            {"projection": [1.5, 2.0]},
            {"projection": [1.5, 2.0]},
        ),
        (PCAProtobufResponseRowDeserializer(), {"projection": [1.5]}, {"projection": [1.5]}),
        (LDAProtobufResponseRowDeserializer(), {"topic_mixture": [1.0]}, {"topic_mixture": [1.0]}),
        (
            LDAProtobufResponseRowDeserializer(projection_column_name="topics"),
            {"topic_mixture": [0.5, 0.5]},
            {"topics": [0.5, 0.5]},
        ),
        (
            LinearLearnerBinaryClassifierProtobufResponseRowDeserializer(),
            {"score": [0.5], "predicted_label": [1.0]},
            {"score": 0.5, "predicted_label": 1.0},
        ),
        (
            LinearLearnerMultiClassClassifierProtobufResponseRowDeserializer("scores", "label"),
            {"score": [0.5, 0.25, 0.25], "predicted_label": [0.0]},
            {"scores": [0.5, 0.25, 0.25], "label": 0.0},
        ),
        (
            LinearLearnerRegressorProtobufResponseRowDeserializer(),
            {"score": [0.5]},
            {"score": 0.5},
        ),
        (
            FactorizationMachinesBinaryClassifierDeserializer(),
            {"score": [0.5], "predicted_label": [1.0]},
            {"score": 0.5, "predicted_label": 1.0},
        ),
        (FactorizationMachinesRegressorDeserializer("y"), {"score": [0.5]}, {"y": 0.5}),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, ResponseRowDeserializer) else "",
)
def test_the_answers_of_the_algorithms(
    deserializer: ResponseRowDeserializer, keys: dict[str, list[float]], columns: dict[str, Any]
) -> None:
    record = frame(b"".join(entry(2, float32s(*v), k.encode()) for k, v in keys.items()))
    found = read(deserializer, record * 2, 2)
    assert dict(zip(deserializer.schema.names, found, strict=True)) == {
        name: [value, value] for name, value in columns.items()
    }
    for kind in deserializer.schema.fields:
        vector = isinstance(columns[kind.name], list)
        assert isinstance(kind.dataType, VectorUDT if vector else DoubleType)
    assert len(record) <= deserializer.bytesPerRow
    assert deserializer.accept == "application/x-recordio-protobuf"


class TestProtobuf:
    def test_keys_by_column(self) -> None:
        body = protobuf([(0.5, [1.0]), (0.25, [2.0])])
        kinds = schema(weights=VECTOR, risk=NUMBER)
        found = read(ProtobufResponseRowDeserializer(kinds, ["topics", "score"]), body, 2)
        assert found == [[[1.0], [2.0]], [0.5, 0.25]]

    def test_types_by_the_schema(self) -> None:
        body = protobuf([(2.0, [1.0, 3.0])])
        kinds = schema(score=IntegerType(), topics=ArrayType(FloatType()))
        columns = ProtobufResponseRowDeserializer(kinds).columns(body, 1)
        assert [column.type for column in columns] == [pa.int32(), pa.list_(pa.float32())]
        assert [column.to_pylist() for column in columns] == [[2], [[1.0, 3.0]]]

    def test_tensors_of_every_type_and_sparse_ones(self) -> None:
        doubles = field(1, np.array([0.1, 0.2]).tobytes())
        sparse = float32s(0.5) + field(2, b"\x01") + field(3, b"\x02")
        records = [entry(2, doubles, kind=3), entry(2, field(1, b"\x07\x08"), kind=7)]
        body = b"".join(map(frame, [*records, entry(2, sparse)]))
        found = read(ProtobufResponseRowDeserializer(schema(values=VECTOR)), body, 3)
        assert found == [[[0.1, 0.2], [7.0, 8.0], [0.0, 0.5]]]

    def test_keys_that_nobody_reads_are_left_alone(self) -> None:
        text = entry(2, field(1, b"text"), b"note", kind=9)
        body = frame(entry(2, float32s(1.0), b"score") + text) + frame(
            entry(2, float32s(2.0), b"score")
        )
        deserializer = LinearLearnerRegressorProtobufResponseRowDeserializer()
        assert read(deserializer, body, 2) == [[1.0, 2.0]]

    def test_a_missing_key_names_the_record(self) -> None:
        body = frame(entry(2, float32s(1.0), b"score")) + frame(entry(2, float32s(1.0), b"other"))
        message = r"record 1 .* has no 'score'.*found 'score', 'other'"
        with pytest.raises(InferenceError, match=message):
            LinearLearnerRegressorProtobufResponseRowDeserializer().columns(body, 2)

    def test_another_count_of_keys_than_columns(self) -> None:
        with pytest.raises(ConfigurationError, match="1 keys and the schema has 2 columns"):
            ProtobufResponseRowDeserializer(SCORED, ["score"])

    def test_long_vectors_are_given_room(self) -> None:
        assert LDAProtobufResponseRowDeserializer(size=1_000).bytesPerRow > 4_000


@pytest.mark.parametrize("deserializer", [each for each in BUILT_IN if not each.rowsPerRequest])
@pytest.mark.parametrize("answered", [1, 3])
def test_answers_are_counted(deserializer: ResponseRowDeserializer, answered: int) -> None:
    rows = [(0.5, [0.5, 0.5])] * answered
    record = b"".join(entry(2, float32s(1.0), key) for key in KEYS)
    objects = [{"a": 1.0, "b": [1.0], "score": 1.0, "topics": [1.0]}] * answered
    array = io.BytesIO()
    np.save(array, np.ones((answered, 3)))
    body = {
        "application/x-recordio-protobuf": frame(record) * answered,
        "application/json": json.dumps({"outputs": objects}).encode(),
        "application/jsonlines": b"\n".join([json.dumps(objects[0]).encode()] * answered),
        "text/csv": b"0.5,0.25,0.25\n" * answered,
        "application/x-npy": array.getvalue(),
        "application/x-parquet": parquet_of(a=[1.0] * answered, b=[[1.0]] * answered),
    }[deserializer.accept]
    assert all(len(column) == len(rows) for column in deserializer.columns(body, len(rows)))
    with pytest.raises(InferenceError, match=r"2 rows.*|predicted"):
        deserializer.columns(body, 2)


def test_libsvm_answers_are_counted() -> None:
    with pytest.raises(InferenceError, match="sent 2 rows and answered 1"):
        LibSVMResponseRowDeserializer(1, "a", "b").columns(b"1 1:2\n", 2)


@pytest.mark.parametrize("deserializer", BUILT_IN[1:-2])
@pytest.mark.parametrize("body", [b"", b"<html>\n</html>", b"\xff\xfe", b"{", b"[1]", b"{}\n"])
def test_what_is_no_answer_is_refused(deserializer: ResponseRowDeserializer, body: bytes) -> None:
    with pytest.raises(InferenceError) as failure:
        deserializer.columns(body, 2)
    assert "\n" not in str(failure.value)


class TestJSON:
    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("projections", '{"projections":[{"v":1},{"v":2}]}'),
            ("data.outputs", '{"data":{"outputs":[{"v":1},{"v":2}]},"model":"m"}'),
            ("", '[{"v":1},{"v":2}]'),
            ("predictions", '{"predictions":[1,2]}'),
        ],
    )
    def test_where_the_list_is(self, path: str, text: str) -> None:
        deserializer = JSONResponseRowDeserializer(schema(v=NUMBER), path)
        assert read(deserializer, text.encode(), 2) == [[1.0, 2.0]]

    def test_any_types(self) -> None:
        nested = StructType(
            [StructField("x", LongType()), StructField("tags", ArrayType(StringType()))]
        )
        kinds = schema(label=StringType(), sure=BooleanType(), n=LongType(), nested=nested)
        row = {"label": "é", "sure": True, "n": 2**60, "nested": {"x": 1, "tags": ["a"]}}
        body = json.dumps({"predictions": [row, dict.fromkeys(row)]}).encode()
        assert read(JSONResponseRowDeserializer(kinds), body, 2) == [
            [value, None] for value in row.values()
        ]

    def test_rows_that_are_vectors(self) -> None:
        deserializer = JSONResponseRowDeserializer(schema(p=VECTOR))
        assert read(deserializer, b'{"predictions":[[0.5,1],[2]]}', 2) == [[[0.5, 1.0], [2.0]]]
        lines = JSONLinesResponseRowDeserializer(schema(p=VECTOR))
        assert read(lines, b"[0.5,1]\n\n[2]\n", 2) == [[[0.5, 1.0], [2.0]]]

    @pytest.mark.parametrize(
        ("kind", "values", "expected"),
        [
            (DateType(), ["2026-01-02", None], [datetime.date(2026, 1, 2), None]),
            (TimestampType(), ["2026-01-02T03:00:00Z", "2026-01-02T02:00:00-01:00"], [INSTANT] * 2),
            (
                TimestampNTZType(),
                ["2026-01-02T03:00:00", None],
                [INSTANT.replace(tzinfo=None), None],
            ),
            (DecimalType(9, 2), [1.25, "-2.5"], [Decimal("1.25"), Decimal("-2.50")]),
            (
                MapType(StringType(), LongType()),
                [{"a": 2**60}, {"b": None}],
                [[("a", 2**60)], [("b", None)]],
            ),
            (ArrayType(DateType()), [["2026-01-02"], None], [[datetime.date(2026, 1, 2)], None]),
            (FloatType(), [math.inf, 0.5], [math.inf, 0.5]),
            (ArrayType(ArrayType(FloatType())), [[[3.4028235e38]], []], [[[MAXIMUM]], []]),
        ],
    )
    def test_values_of(self, kind: DataType, values: list[Any], expected: list[Any]) -> None:
        body = json.dumps({"predictions": [{"a": value} for value in values]}).encode()
        assert read(JSONResponseRowDeserializer(schema(a=kind)), body, 2) == [expected]

    @pytest.mark.parametrize(
        ("kind", "text", "message"),
        [
            (NUMBER, "true", "'a' are not double"),
            (LongType(), "true", "'a' are not bigint"),
            (VECTOR, "[true]", "'a' are not vector"),
            (MapType(StringType(), LongType()), '{"b":true}', "'a' are not map"),
            (ArrayType(ArrayType(FloatType())), "[[1e300]]", "'a' are not array"),
            (FloatType(), "1e300", "'a' are not float"),
            (FloatType(), "1e400", "too large for 64 bits"),
            (NUMBER, "1e400", "too large for 64 bits"),
            (ArrayType(ArrayType(NUMBER)), "[[-1e400]]", "too large for 64 bits"),
            (MapType(StringType(), NUMBER), '{"b":1e400}', "too large for 64 bits"),
            (VECTOR, "null", "'a' is or holds null"),
            (VECTOR, "[1,null]", "'a' is or holds null"),
            (TimestampType(), '"2026-01-02T03:00:00"', "a timestamp needs its zone"),
            (TimestampNTZType(), '"2026-01-02T03:00:00Z"', "'a' are not timestamp_ntz"),
            (DecimalType(9, 2), '"x"', "'a' are not decimal"),
        ],
    )
    def test_what_does_not_fit(self, kind: DataType, text: str, message: str) -> None:
        line = b'{"a":' + text.encode() + b"}"
        with pytest.raises(InferenceError, match=message):
            JSONLinesResponseRowDeserializer(schema(a=kind)).columns(line + b"\n" + line, 2)
        body = b'{"predictions":[' + line + b"]}"
        with pytest.raises(InferenceError, match=message):
            JSONResponseRowDeserializer(schema(a=kind)).columns(body, 1)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"scores":[]}', "has no 'predictions'"),
            ('{"predictions":{}}', "no list at 'predictions'"),
            ('{"predictions":[{"score":1,"topics":[1]},{"score":1}]}', "answer 1 .* no 'topics'"),
            ('{"predictions":[{"score":1,"topics":[1]},3]}', "answer 1 .* no 'score', found no ob"),
            ('{"predictions":[{"score":"a","topics":[1]}]}', "'score' are not double"),
            ('{"predictions":[{"score":1,"topics":1}]}', "'topics' are not vector"),
        ],
    )
    def test_what_is_refused(self, text: str, message: str) -> None:
        rows = len(json.loads(text).get("predictions", []))
        with pytest.raises(InferenceError, match=message):
            JSONResponseRowDeserializer(SCORED).columns(text.encode(), rows)

    def test_another_count_of_keys_than_columns(self) -> None:
        for kind in (JSONResponseRowDeserializer, JSONLinesResponseRowDeserializer):
            with pytest.raises(ConfigurationError, match="1 keys and the schema has 2 columns"):
                kind(SCORED, keys=["score"])


class TestCSV:
    def test_mixed_types(self) -> None:
        kinds = schema(label=StringType(), p=VECTOR, n=LongType(), sure=BooleanType())
        body = b'"a, ""b""\nc",0.5,nan,7,true\nd,1e-3,-0,,false\n'
        columns = CSVResponseRowDeserializer(kinds).columns(body, 2)
        label, p, n, sure = (column.to_pylist() for column in columns)
        assert (label, n, sure) == (['a, "b"\nc', "d"], [7, None], [True, False])
        np.testing.assert_array_equal(np.array(p), [[0.5, np.nan], [1e-3, -0.0]])

    @pytest.mark.parametrize(
        ("kinds", "body"),
        [
            (schema(a=NUMBER), b"1,2\n"),
            (schema(a=NUMBER, b=NUMBER), b"1\n"),
            (schema(a=VECTOR, b=VECTOR), b"1,2\n"),
            (schema(a=NUMBER), b"x\n"),
            (schema(a=NUMBER, b=NUMBER), b"1,2\n3\n"),
        ],
    )
    def test_what_is_refused(self, kinds: StructType, body: bytes) -> None:
        with pytest.raises(InferenceError, match=r"fields a row|is not CSV of the declared"):
            CSVResponseRowDeserializer(kinds).columns(body, body.count(b"\n"))

    def test_a_long_answer_is_read_at_once(self) -> None:
        body = b"0.5,1\n" * 500_000
        assert len(CSVResponseRowDeserializer(SCORED).columns(body, 500_000)[0]) == 500_000

    @pytest.mark.parametrize(
        ("kind", "body", "expected"),
        [
            (StringType(), b"a\n\n", ["a", ""]),
            (StringType(), b'\n"b\nc"', ["", "b\nc"]),
            (StringType(), b"a\nb\n\n", ["a", "b"]),
            (NUMBER, b"0.5\r1.5\r", [0.5, 1.5]),
            (NUMBER, b"inf\n-Infinity\n", [math.inf, -math.inf]),
            (FloatType(), b"inf\n0.5\n", [math.inf, 0.5]),
            (DateType(), b'2026-01-02\n""\n', [datetime.date(2026, 1, 2), None]),
            (TimestampType(), b"2026-01-02 03:00:00Z\n2026-01-02T05:00:00+02:00\n", [INSTANT] * 2),
            (
                TimestampNTZType(),
                b"2026-01-02 03:00:00\n2026-01-02T03:00:00\n",
                [INSTANT.replace(tzinfo=None)] * 2,
            ),
        ],
    )
    def test_one_column_of(self, kind: DataType, body: bytes, expected: list[Any]) -> None:
        assert read(CSVResponseRowDeserializer(schema(a=kind)), body, 2) == [expected]

    @pytest.mark.parametrize(
        ("kind", "body", "message"),
        [
            (NUMBER, b"1e400\ninf\n", "too large for 64 bits"),
            (VECTOR, b"1,2\n3,-1e999\n", "too large for 64 bits"),
            (FloatType(), b"1e300\ninf\n", "'a' are not float"),
            (ArrayType(FloatType()), b"1,2\n3,1e300\n", "'a' are not array<float>"),
            (TimestampType(), b"2026-01-02 03:00:00\n" * 2, "a timestamp needs its zone"),
        ],
    )
    def test_what_does_not_fit(self, kind: DataType, body: bytes, message: str) -> None:
        with pytest.raises(InferenceError, match=message):
            CSVResponseRowDeserializer(schema(a=kind)).columns(body, 2)


class TestXGBoost:
    def test_a_number_that_is_too_large(self) -> None:
        assert read(XGBoostCSVRowDeserializer(), b"inf\n-Infinity", 2) == [[math.inf, -math.inf]]
        with pytest.raises(InferenceError, match="too large for 64 bits"):
            XGBoostCSVRowDeserializer().columns(b"inf\n1e400", 2)

    def test_numbers_and_vectors(self) -> None:
        assert read(XGBoostCSVRowDeserializer(), b"0.5,1.5", 2) == [[0.5, 1.5]]
        assert read(XGBoostCSVRowDeserializer(vector=True), b"[0.5, 1.5]\n", 1) == [[[0.5, 1.5]]]

    def test_one_class_gives_vectors(self) -> None:
        assert read(XGBoostCSVRowDeserializer(vector=True), b"1\n2\n", 2) == [[[1.0], [2.0]]]

    def test_more_numbers_than_declared(self) -> None:
        with pytest.raises(InferenceError, match="XGBoostCSVRowDeserializer\\(vector=True\\)"):
            XGBoostCSVRowDeserializer().columns(b"1,2\n3,4\n", 2)


class TestNPY:
    @pytest.mark.parametrize("array", [np.ones(2), np.ones((2, 1)), np.ones((2, 1, 1), np.int8)])
    def test_one_number_a_row(self, array: np.ndarray) -> None:
        body = io.BytesIO()
        np.save(body, array)
        for kind, expected in ((NUMBER, 1.0), (VECTOR, [1.0]), (IntegerType(), 1)):
            deserializer = NPYResponseRowDeserializer(schema(a=kind))
            assert read(deserializer, body.getvalue(), 2) == [[expected, expected]]

    @pytest.mark.parametrize(
        "array", [np.array(1.0), np.array([["a"], ["b"]]), np.ones((2, 2)), np.ones(3)]
    )
    def test_what_is_refused(self, array: np.ndarray) -> None:
        body = io.BytesIO()
        np.save(body, array)
        with pytest.raises(InferenceError):
            NPYResponseRowDeserializer(schema(a=NUMBER)).columns(body.getvalue(), 2)

    def test_nothing_is_unpickled(self) -> None:
        body = io.BytesIO()
        np.save(body, np.array([print, print]), allow_pickle=True)
        with pytest.raises(InferenceError, match="not a numpy array of numbers"):
            NPYResponseRowDeserializer(schema(a=NUMBER)).columns(body.getvalue(), 2)


class TestParquet:
    def test_columns_by_name(self) -> None:
        body = parquet_of(p=[[0.5, 1.0], [2.0, 3.0]], risk=[0.25, None], more=["a", "b"])
        deserializer = ParquetResponseRowDeserializer(SCORED, ["risk", "p"])
        assert read(deserializer, body, 2) == [[0.25, None], [[0.5, 1.0], [2.0, 3.0]]]

    def test_what_is_refused(self) -> None:
        deserializer = ParquetResponseRowDeserializer(SCORED)
        with pytest.raises(InferenceError, match="not one column 'topics', found 'score'"):
            deserializer.columns(parquet_of(score=[1.0]), 1)
        with pytest.raises(InferenceError, match="cannot be read: the data is not Parquet"):
            deserializer.columns(b"PAR1 and more", 1)
        with pytest.raises(ConfigurationError, match="1 names and the schema has 2 columns"):
            ParquetResponseRowDeserializer(SCORED, ["score"])


@pytest.mark.parametrize(
    "kind",
    [
        CSVResponseRowDeserializer,
        JSONLinesResponseRowDeserializer,
        JSONResponseRowDeserializer,
        NPYResponseRowDeserializer,
        ParquetResponseRowDeserializer,
        ProtobufResponseRowDeserializer,
    ],
)
def test_the_length_of_an_answer_can_be_told(kind: Any) -> None:
    assert kind(SCORED, bytesPerRow=20_000).bytesPerRow == 20_000
    assert kind(SCORED).bytesPerRow < 20_000
    with pytest.raises(ConfigurationError, match=r"bytesPerRow .* is 0: it must be"):
        kind(SCORED, bytesPerRow=0)


def test_whole_answers() -> None:
    assert read(TextResponseRowDeserializer(), "é\n".encode(), 1) == [["é\n"]]
    assert read(BinaryResponseRowDeserializer(), b"\x00\xff", 1) == [[b"\x00\xff"]]
    assert TextResponseRowDeserializer.rowsPerRequest == 1
    assert BinaryResponseRowDeserializer.rowsPerRequest == 1
    with pytest.raises(InferenceError, match="not text in UTF-8"):
        TextResponseRowDeserializer().columns(b"\xff", 1)


def test_wide_libsvm_answers_are_asked_for_in_small_requests() -> None:
    wide = LibSVMResponseRowDeserializer(1 << 20, "a", "b")
    assert wide.rowsPerRequest == 8


class Lengths(ResponseRowDeserializer):
    """What a user writes."""

    accept = "text/plain"

    def __init__(self, give: Any, kind: DataType = NUMBER) -> None:
        self.give = give
        self.kind = kind
        self.schema = schema(length=kind)

    def decode(self, body: bytes, rows: int) -> Any:
        return self.give


@pytest.mark.parametrize(
    ("give", "kind", "expected"),
    [
        ([[1, 2]], NUMBER, [1.0, 2.0]),
        ([np.array([1, 2])], NUMBER, [1.0, 2.0]),
        ([np.array([[1], [2]])], NUMBER, [1.0, 2.0]),
        ([pa.array([1.0, 2.0], pa.float32())], IntegerType(), [1, 2]),
        ([pa.chunked_array([[1.0], [2.0]])], NUMBER, [1.0, 2.0]),
        ([np.array([[1, 2], [3, 4]])], VECTOR, [[1.0, 2.0], [3.0, 4.0]]),
        ([np.array([1, 2])], VECTOR, [[1.0], [2.0]]),
        ([[[1], []]], VECTOR, [[1.0], []]),
        ([["a", None]], StringType(), ["a", None]),
        ([[math.inf, math.nan]], FloatType(), [math.inf, ANY]),
        ([[INSTANT, None]], TimestampType(), [INSTANT, None]),
    ],
)
def test_a_deserializer_of_a_user(give: Any, kind: DataType, expected: list[Any]) -> None:
    (column,) = Lengths(give, kind).columns(b"", 2)
    assert column.to_pylist() == expected


@pytest.mark.parametrize(
    ("give", "kind", "message"),
    [
        ([], NUMBER, r"Lengths.decode gave 0 columns and its schema has 1"),
        ([[1.0]], NUMBER, "2 rows were sent and 1 answers"),
        ([["a", "b"]], NUMBER, "'length' are not double"),
        ([[0.5, 1.5]], IntegerType(), "'length' are not int"),
        ([np.array([0.5, 1.5])], IntegerType(), "'length' are not int"),
        ([np.ones((2, 3))], NUMBER, "answered with 3 numbers .* declare it as VectorUDT"),
        ([np.array(1.0)], NUMBER, "'length' are not double"),
        (None, NUMBER, "decode gave NoneType: it must return a list of columns"),
        ([[[1.0], None]], VECTOR, "'length' is or holds null"),
        ([np.array([True, False])], NUMBER, "'length' are not double"),
        ([np.array([1e300, 1])], FloatType(), "'length' are not float"),
        ([pa.array([1e300, 1])], FloatType(), "'length' are not float"),
        (
            [[{"x": 1.5}, None]],
            StructType([StructField("x", LongType())]),
            "'length' are not struc",
        ),
    ],
)
def test_what_a_deserializer_of_a_user_may_not_give(
    give: Any, kind: DataType, message: str
) -> None:
    with pytest.raises(InferenceError, match=message):
        Lengths(give, kind).columns(b"", 2)


def test_the_base_says_what_to_define() -> None:
    with pytest.raises(NotImplementedError, match="must define decode"):
        ResponseRowDeserializer().decode(b"", 1)


def test_every_built_in_one_is_among_the_examples() -> None:
    names = set(deserializers.__all__) - {"ResponseRowDeserializer"}
    assert {type(each).__name__ for each in BUILT_IN} == names


@pytest.mark.parametrize("one", BUILT_IN, ids=lambda each: type(each).__name__)
def test_is_its_arguments_and_cannot_be_changed(one: ResponseRowDeserializer) -> None:
    names = inspect.signature(type(one)).parameters
    arguments = {name: getattr(one, name) for name in names}
    for copy in (
        pickle.loads(pickle.dumps(one)),
        cloudpickle.loads(cloudpickle.dumps(one)),
        type(one)(**arguments),
    ):
        assert copy == one
        assert hash(copy) == hash(one)
        assert copy.schema == one.schema
        assert copy.bytesPerRow == one.bytesPerRow
    for name in names:
        with pytest.raises(AttributeError, match="cannot be changed"):
            setattr(one, name, "other")
    assert one != Lengths([])
