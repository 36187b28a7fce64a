"""Serializers and deserializers in Spark's tasks, against an endpoint that speaks each format."""

from __future__ import annotations

import base64
import csv
import datetime
import io
import json
import pickle
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.ml.linalg import Matrices, Vectors, VectorUDT
from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, DoubleType, StringType, StructField, StructType

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import Where, recordio
from sparkml_sm.inference.frames import scored
from sparkml_sm.inference.realtime import RealTimeScorer
from sparkml_sm.inference.scoring import PartitionScorer
from sparkml_sm.transformation.deserializers import (
    BinaryResponseRowDeserializer,
    CSVResponseRowDeserializer,
    JSONLinesResponseRowDeserializer,
    JSONResponseRowDeserializer,
    NPYResponseRowDeserializer,
    PCAProtobufResponseRowDeserializer,
    ResponseRowDeserializer,
    TextResponseRowDeserializer,
)
from sparkml_sm.transformation.serializers import (
    BinaryRequestRowSerializer,
    CSVColumnsRequestRowSerializer,
    JSONColumnsRequestRowSerializer,
    JSONLinesColumnsRequestRowSerializer,
    JSONTextRequestRowSerializer,
    NPYRequestRowSerializer,
    ParquetRequestRowSerializer,
    ProtobufRequestRowSerializer,
    RequestRowSerializer,
    TextRequestRowSerializer,
)
from tests.formats.witness import read_recordio
from tests.inference.conftest import Endpoint

DOCS = Path(__file__).parents[2] / "docs" / "serializers.md"
SCORE = StructType([StructField("score", DoubleType())])


def answer_with(endpoint: Endpoint, answer: Callable[[bytes], bytes]) -> None:
    """Let the endpoint answer each body as told."""

    def fault(handler: Any, _number: int) -> bool:
        handler.answer(200, answer(handler.body), "application/octet-stream")
        return True

    endpoint.fault = fault


def transformed(
    df: DataFrame,
    endpoint: Endpoint,
    serializer: RequestRowSerializer,
    deserializer: ResponseRowDeserializer,
) -> DataFrame:
    scorer = RealTimeScorer(
        endpoint.config, "an-endpoint", serializer.contentType, deserializer.accept
    )
    return scored(df, PartitionScorer(serializer, deserializer, scorer), True)


def mixed_rows(spark: SparkSession) -> DataFrame:
    day = datetime.date(2026, 1, 2)
    rows = [
        (1, 0.5, 'a "quoted", text\n', True, day, Decimal("1.50"), [1.0], Vectors.dense(1, 2)),
        (None, float("nan"), "", False, None, None, [float("nan")], Vectors.sparse(2, {1: 3.0})),
        (3, None, None, None, day, Decimal("-2.00"), None, None),
        (4, -1e300, "  é\\ ", True, day, None, [], Vectors.dense(0, float("nan"))),
    ]
    kinds = "`n.n` long, x double, text string, yes boolean, day date, price decimal(9,2)"
    plain = spark.createDataFrame([], kinds + ", xs array<double>").schema
    schema = StructType([*plain.fields, StructField("v", VectorUDT())])
    return spark.createDataFrame(rows, schema).coalesce(1)


def test_named_columns_as_json_and_csv(spark: SparkSession) -> None:
    df = mixed_rows(spark)
    names = df.columns
    lines = JSONLinesColumnsRequestRowSerializer(names)
    table = CSVColumnsRequestRowSerializer(names[:-2])
    text = df.select(lines.column(df.schema).alias("j"), table.column(df.schema).alias("c"))
    found = text.collect()
    assert [list(json.loads(row.j)) for row in found] == [names] * 4
    values = [list(json.loads(row.j).values()) for row in found]
    assert values == [
        [1, 0.5, 'a "quoted", text\n', True, "2026-01-02", 1.5, [1.0], [1.0, 2.0]],
        [None, None, "", False, None, None, [None], [0.0, 3.0]],
        [3, None, None, None, "2026-01-02", -2.0, None, None],
        [4, -1e300, "  é\\ ", True, "2026-01-02", None, [], [0.0, None]],
    ]
    body = "\n".join(row.c for row in found)
    assert list(csv.reader(io.StringIO(body))) == [
        ["1", "0.5", 'a "quoted", text\n', "true", "2026-01-02", "1.50"],
        ["", "NaN", "", "false", "", ""],
        ["3", "", "", "", "2026-01-02", "-2.00"],
        ["4", "-1.0E300", "  é\\ ", "true", "2026-01-02", ""],
    ]


def test_numbers_that_nest_are_null_where_they_are_nan(spark: SparkSession) -> None:
    nan = float("nan")
    kinds = "xs array<array<double>>, m map<string,float>, s struct<x: double, n: long>, n long"
    rows = [([[nan, 1.5], None], {"a": nan, "b": 2.0}, (nan, 1), 1), ([], None, None, None)]
    df = spark.createDataFrame(rows, kinds)
    text = df.select(JSONLinesColumnsRequestRowSerializer(df.columns).column(df.schema))
    found = [json.loads(row[0]) for row in text.collect()]
    assert found == [
        {"xs": [[None, 1.5], None], "m": {"a": None, "b": 2.0}, "s": {"x": None, "n": 1}, "n": 1},
        {"xs": [], "m": None, "s": None, "n": None},
    ]


@pytest.mark.parametrize("kind", ["double", "array<double>", "map<string,double>"])
def test_json_has_no_infinity(spark: SparkSession, kind: str) -> None:
    made = {"double": "v", "array<double>": "array(v)", "map<string,double>": "map('a', v)"}
    df = spark.sql("select double('-infinity') as v").selectExpr(f"{made[kind]} as v")
    text = df.select(JSONColumnsRequestRowSerializer(["v"]).column(df.schema))
    with pytest.raises(Exception, match="column 'v': a number is infinite, which JSON cannot hold"):
        text.collect()


class Pickled(RequestRowSerializer):
    """Sends what a serializer of a user sees."""

    separator = b"\n"

    def __init__(self, columnNames: list[str]) -> None:
        self.columnNames = columnNames

    def column(self, schema: StructType) -> Column:
        return F.struct(*self.columnNames)

    def encode(self, batch: pa.Array, where: Where) -> list[bytes]:
        return [base64.b64encode(pickle.dumps(row)) for row in batch.to_pylist()]


class Unpickled(ResponseRowDeserializer):
    """Gives it back, in the same types."""

    def __init__(self, schema: StructType) -> None:
        self.schema = schema

    def decode(self, body: bytes, rows: int) -> list[list[Any]]:
        found = [pickle.loads(base64.b64decode(line)) for line in body.split(b"\n")]
        vectors = [[float("nan"), 1.0]] * rows
        return [*([row[name] for row in found] for name in self.schema.names[:-1]), vectors]


def test_values_of_every_type_cross_unchanged(spark: SparkSession, endpoint: Endpoint) -> None:
    answer_with(endpoint, lambda body: body)
    nan, big = float("nan"), 2**53 + 1
    time = datetime.datetime(2026, 7, 2, 3, 4, 5, 678901)  # noqa: DTZ001 (Spark's own are naive)
    kinds = (
        "l long, i int, x double, f float, yes boolean, text string, bytes binary, day date, "
        "t timestamp, local timestamp_ntz, price decimal(20,2), ls array<long>, xs array<double>, "
        "xxs array<array<double>>, ts array<timestamp>, m map<string,long>, "
        "s struct<l: long, x: double, t: timestamp, deep: struct<l: long>>, "
        "ss array<struct<x: double, bytes: binary>>"
    )
    full = (
        *(big, 7, nan, nan, True, "é", bytearray(b"\x00\xff"), datetime.date(1500, 1, 2)),
        *(time, time, Decimal("123456789012345678.25"), [big, -113], [nan, -113.0], [[nan], []]),
        *([time], {"a": big}, (big, nan, time, (big,)), [(nan, bytearray(b"\x01"))]),
    )
    holes = (
        *(None, None, float("inf"), 0.5, None, "", None, None, None, None, None),
        *([big, None], [nan, None, -113.0], [[None, nan], None], [None], {"a": None}),
        *((None, None, None, None), [(None, None), None]),
    )
    df = spark.createDataFrame([full, holes, (None,) * len(full)], kinds).coalesce(1)
    answers = StructType([*df.schema.fields, StructField("v", VectorUDT())])
    scorer = RealTimeScorer(endpoint.config, "an-endpoint", "text/plain", "text/plain")
    zone = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        score = PartitionScorer(Pickled(df.columns), Unpickled(answers), scorer)
        found = scored(df, score, False).collect()
        expected = df.collect()
    finally:
        spark.conf.set("spark.sql.session.timeZone", zone)
    for name in df.columns:
        assert [repr(row[name]) for row in found] == [repr(row[name]) for row in expected], name
    assert [repr(row.v) for row in found] == ["DenseVector([nan, 1.0])"] * 3


def test_a_null_in_an_array_of_features_is_named(spark: SparkSession, endpoint: Endpoint) -> None:
    df = spark.createDataFrame([([float("nan")],), ([None],)], "features array<double>")
    serializer, deserializer = NPYRequestRowSerializer(), NPYResponseRowDeserializer(SCORE)
    with pytest.raises(Exception, match=r"row 1 of partition 0 .* a feature is null"):
        transformed(df.coalesce(1), endpoint, serializer, deserializer).collect()


def test_columns_that_cannot_be_sent(spark: SparkSession) -> None:
    schema = mixed_rows(spark).schema
    nested = StructType([StructField("v", VectorUDT())])
    schema = StructType([*schema.fields, StructField("s", nested)])
    for serializer, message in (
        (CSVColumnsRequestRowSerializer(["v"]), "'v' is vector, which is no field of CSV"),
        (CSVColumnsRequestRowSerializer(["xs"]), "'xs' is array<double>, which is no field"),
        (JSONColumnsRequestRowSerializer(["nn"]), "'nn' does not exist: did you mean 'n.n'"),
        (TextRequestRowSerializer("x"), "'x' is double and string is sent"),
        (JSONColumnsRequestRowSerializer(["s"]), "'s' holds vector inside of struct"),
        (BinaryRequestRowSerializer("text"), "'text' is string and binary is sent"),
    ):
        with pytest.raises(InvalidDataError, match=re.escape(message)):
            serializer.column(schema)


def first_numbers(body: bytes, kind: str) -> list[float]:
    """The first feature of each row, read by others than those who wrote it."""
    if kind == "npy":
        return [float(row[0]) for row in np.load(io.BytesIO(body))]
    if kind == "parquet":
        return [float(x) for x in pq.read_table(io.BytesIO(body)).column("a").to_pylist()]
    return [instance["a"] for instance in json.loads(body)["instances"]]


@pytest.mark.parametrize("kind", ["npy", "parquet", "json"])
def test_bodies_with_something_around_the_rows(
    spark: SparkSession, endpoint: Endpoint, kind: str
) -> None:
    def answer(body: bytes) -> bytes:
        numbers = first_numbers(body, kind)
        if kind == "json":
            return json.dumps({"predictions": [{"score": x} for x in numbers]}).encode()
        if kind == "parquet":
            return "".join(f"{x}\n" for x in numbers).encode()
        out = io.BytesIO()
        np.save(out, np.array(numbers))
        return out.getvalue()

    answer_with(endpoint, answer)
    serializer, deserializer = {
        "npy": (NPYRequestRowSerializer(None, ["a", "b"]), NPYResponseRowDeserializer(SCORE)),
        "parquet": (
            ParquetRequestRowSerializer(None, ["a", "b"]),
            CSVResponseRowDeserializer(SCORE),
        ),
        "json": (JSONColumnsRequestRowSerializer(["a", "b"]), JSONResponseRowDeserializer(SCORE)),
    }[kind]
    df = spark.range(2_000, numPartitions=2).select(
        (F.col("id") * 1.5).alias("a"), F.lit(1).alias("b")
    )
    out = transformed(df, endpoint, serializer, deserializer)  # type: ignore[arg-type]
    assert out.filter("score = a").count() == 2_000


def test_texts_in_one_body_and_objects_back(spark: SparkSession, endpoint: Endpoint) -> None:
    def answer(body: bytes) -> bytes:
        texts = json.loads(body)["inputs"]
        return "\n".join(json.dumps({"label": t, "p": [len(t), 0.5]}) for t in texts).encode()

    answer_with(endpoint, answer)
    schema = StructType([StructField("label", StringType()), StructField("p", VectorUDT())])
    texts = ['a "b"\n\\', "", "é中", "x" * 100]
    df = spark.createDataFrame([(text,) for text in texts], "text string").coalesce(1)
    out = transformed(
        df,
        endpoint,
        JSONTextRequestRowSerializer(key="inputs"),
        JSONLinesResponseRowDeserializer(schema),
    )
    found = out.collect()
    assert [row.label for row in found] == [row.text for row in found] == texts
    assert [row.p for row in found] == [Vectors.dense(len(text), 0.5) for text in texts]


def test_one_content_a_request(spark: SparkSession, endpoint: Endpoint) -> None:
    answer_with(endpoint, lambda body: body[::-1])
    contents = [b"\x00\xff\x01", b"abc", b"\xfe" * 1000]
    df = spark.createDataFrame(
        [(content,) for content in contents], StructType([StructField("content", BinaryType())])
    )
    out = transformed(df, endpoint, BinaryRequestRowSerializer(), BinaryResponseRowDeserializer())
    assert [bytes(row.answer) for row in out.collect()] == [each[::-1] for each in contents]
    assert endpoint.requests == 3


def test_one_text_a_request(spark: SparkSession, endpoint: Endpoint) -> None:
    answer_with(endpoint, lambda body: body.decode().upper().encode())
    df = spark.createDataFrame([("é",), ("b",)], "text string")
    out = transformed(df, endpoint, TextRequestRowSerializer(), TextResponseRowDeserializer())
    assert [row.answer for row in out.collect()] == ["É", "B"]
    assert endpoint.requests == 2


def test_matrices_are_sent_by_rows(spark: SparkSession, endpoint: Endpoint) -> None:
    def answer(body: bytes) -> bytes:
        [record] = read_recordio(body)
        assert record["shape"] == [2, 3]
        return recordio.encode_labels({"projection": pa.array([record["values"]])})

    answer_with(endpoint, answer)
    matrix = Matrices.dense(2, 3, [1, 2, 3, 4, 5, 6])
    df = spark.createDataFrame([Row(features=matrix)])
    out = transformed(
        df, endpoint, ProtobufRequestRowSerializer(), PCAProtobufResponseRowDeserializer()
    )
    assert [row.projection for row in out.collect()] == [Vectors.dense(1, 3, 5, 2, 4, 6)]


def test_one_serializer_for_two_frames_whatever_their_order(
    spark: SparkSession, endpoint: Endpoint
) -> None:
    """The predecessor's serializer kept the last frame's schema, and read the other wrongly."""

    def answer(body: bytes) -> bytes:
        sums = [sum(record["values"]) for record in read_recordio(body)]
        return recordio.encode_labels({"projection": pa.array([[each] for each in sums])})

    answer_with(endpoint, answer)
    serializer, deserializer = ProtobufRequestRowSerializer(), PCAProtobufResponseRowDeserializer()
    one = spark.createDataFrame([(Vectors.dense(1, 2),)], ["features"])
    other = spark.createDataFrame(
        [("x", 7.0, [1.0, 2.0, 3.0])], "name string, n double, features array<double>"
    )
    first = transformed(one, endpoint, serializer, deserializer)
    second = transformed(other, endpoint, serializer, deserializer)
    # One component is a vector of one number.
    assert [row.projection for row in first.collect()] == [Vectors.dense(3.0)]
    assert [row.projection for row in second.collect()] == [Vectors.dense(6.0)]
    assert [row.projection for row in first.collect()] == [Vectors.dense(3.0)]


def test_the_example_of_the_docs(
    spark: SparkSession, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(body: bytes) -> bytes:
        rows = json.loads(body)["instances"]
        return json.dumps({"predictions": [[age / 100, income] for age, income in rows]}).encode()

    answer_with(endpoint, answer)
    config = endpoint.config
    monkeypatch.setenv("AWS_DEFAULT_REGION", config.region)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config.credentials_file))
    monkeypatch.setenv(
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", dict(config.endpoints)["sagemaker-runtime"]
    )
    df = spark.createDataFrame([(31, 2.5), (50, -1.0)], "age int, income double").coalesce(1)
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(blocks) == 2
    # As in a notebook: the classes are in no module that a task could import.
    names: dict[str, Any] = {"__name__": "__main__", "df": df}
    for block in blocks:
        exec(compile(block, str(DOCS), "exec"), names)
    found = names["scored"].collect()
    assert [row.probability for row in found] == [Vectors.dense(0.31, 2.5), Vectors.dense(0.5, -1)]
    assert [row.age for row in found] == [31, 50]


def test_the_docs_name_every_one() -> None:
    from sparkml_sm.transformation import deserializers, serializers

    text = DOCS.read_text()
    for name in (*serializers.__all__, *deserializers.__all__):
        assert f"`{name}" in text, name
