"""Bodies of requests, read by others than those who wrote them; no Spark is started."""

from __future__ import annotations

import csv
import inspect
import io
import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark import cloudpickle
from pyspark.sql import Column
from pyspark.sql.types import DoubleType, StructField, StructType

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import FeatureRows, Where, dense_matrix
from sparkml_sm.inference.payloads import Payload, binary_rows, bodies
from sparkml_sm.testing.formats import make_rows
from sparkml_sm.transformation import serializers
from sparkml_sm.transformation.serializers import (
    BinaryRequestRowSerializer,
    CSVColumnsRequestRowSerializer,
    FeatureRequestRowSerializer,
    JSONColumnsRequestRowSerializer,
    JSONLinesColumnsRequestRowSerializer,
    JSONLinesRequestRowSerializer,
    JSONRequestRowSerializer,
    JSONTextRequestRowSerializer,
    LibSVMRequestRowSerializer,
    NPYRequestRowSerializer,
    ParquetRequestRowSerializer,
    ProtobufRequestRowSerializer,
    RequestRowSerializer,
    TextRequestRowSerializer,
    UnlabeledCSVRequestRowSerializer,
    UnlabeledLibSVMRequestRowSerializer,
)
from tests.formats.strategies import batches
from tests.formats.witness import read_recordio

WHERE = Where("features", partition=3)
LIMIT = 1 << 20
BUILT_IN = (
    BinaryRequestRowSerializer(),
    CSVColumnsRequestRowSerializer(["a", "b"]),
    JSONColumnsRequestRowSerializer(["a"], key="inputs"),
    JSONLinesColumnsRequestRowSerializer(["a"]),
    JSONLinesRequestRowSerializer(),
    JSONRequestRowSerializer(featuresColumnName=["a", "b"]),
    JSONTextRequestRowSerializer(key="inputs"),
    LibSVMRequestRowSerializer(labelColumnName="y", width=3),
    NPYRequestRowSerializer(),
    ParquetRequestRowSerializer(),
    ProtobufRequestRowSerializer(StructType([StructField("a", DoubleType())]), "projection"),
    TextRequestRowSerializer("body", "application/json"),
    UnlabeledCSVRequestRowSerializer(),
    UnlabeledLibSVMRequestRowSerializer(),
)


def crossed(rows: FeatureRows) -> pa.StructArray:
    """The rows as Spark hands them over."""
    return pa.StructArray.from_arrays(
        [
            pa.array(np.where(rows.dense, -1, rows.width), pa.int32()),
            pa.ListArray.from_arrays(pa.array(rows.index_offsets, pa.int32()), rows.indices),
            pa.ListArray.from_arrays(pa.array(rows.value_offsets, pa.int32()), rows.values),
        ],
        ["size", "indices", "values"],
    )


def requests(
    serializer: RequestRowSerializer, *columns: pa.Array, limit: int = LIMIT
) -> list[Payload]:
    encoded = (
        binary_rows(serializer.encode(column, WHERE), len(column), serializer) for column in columns
    )
    return list(bodies(serializer, encoded, limit))


def read_csv(body: bytes) -> list[list[float | None]]:
    return [[float(each) for each in row] for row in csv.reader(io.StringIO(body.decode()))]


def read_libsvm(body: bytes) -> list[dict[int, float]]:
    lines = [line.split() for line in body.decode().splitlines()]
    assert all(label == "0" for label, *_ in lines)
    pairs = [[pair.split(":") for pair in line[1:]] for line in lines]
    return [{int(index) - 1: float(value) for index, value in line} for line in pairs]


def read_json(instance: dict[str, Any], width: int) -> list[float]:
    if "features" in instance:
        return [np.nan if each is None else each for each in instance["features"]]
    tensor = instance["data"]["features"]
    assert tensor["shape"] == [width]
    row = np.zeros(width)
    row[tensor["keys"]] = [np.nan if each is None else each for each in tensor["values"]]
    return row.tolist()


def read_record(record: dict[str, Any], width: int) -> list[float]:
    if not record["shape"]:
        return list(record["values"])
    row = np.zeros(width)
    row[record["keys"]] = record["values"]
    return row.tolist()


READERS: dict[type[RequestRowSerializer], Callable[[bytes, int], Any]] = {
    UnlabeledCSVRequestRowSerializer: lambda body, _: read_csv(body),
    NPYRequestRowSerializer: lambda body, _: np.load(io.BytesIO(body)),
    ParquetRequestRowSerializer: lambda body, _: np.column_stack(
        [column.to_numpy() for column in pq.read_table(io.BytesIO(body)).columns]
    ),
    JSONRequestRowSerializer: lambda body, width: [
        read_json(each, width) for each in json.loads(body)["instances"]
    ],
    JSONLinesRequestRowSerializer: lambda body, width: [
        read_json(json.loads(line), width) for line in body.splitlines()
    ],
    ProtobufRequestRowSerializer: lambda body, width: [
        read_record(each, width) for each in read_recordio(body)
    ],
}


@pytest.mark.parametrize("kind", READERS)
@settings(deadline=None, max_examples=50)
@given(rows=batches(bits=32, nan=True, labels=False), limit=st.integers(3_000, 9_000))
def test_another_reader_finds_the_rows(
    kind: type[FeatureRequestRowSerializer], rows: FeatureRows, limit: int
) -> None:
    array = crossed(rows)
    sent = requests(kind(), array, array[1:], limit=limit if kind is not _PARQUET else LIMIT)
    assert all(len(each.body) <= limit or kind is _PARQUET for each in sent)
    found = [np.asarray(READERS[kind](each.body, rows.width)) for each in sent]
    assert [len(each) for each in found] == [each.rows for each in sent]
    matrix = dense_matrix(rows)
    np.testing.assert_array_equal(np.concatenate(found), np.concatenate([matrix, matrix[1:]]))


_PARQUET = ParquetRequestRowSerializer


@pytest.mark.parametrize("kind", [LibSVMRequestRowSerializer, UnlabeledLibSVMRequestRowSerializer])
@given(rows=batches(nan=True, labels=False))
def test_libsvm_has_the_label_0_and_the_features_that_are_there(
    kind: type[LibSVMRequestRowSerializer], rows: FeatureRows
) -> None:
    (sent,) = requests(kind(), crossed(rows))
    matrix, found = dense_matrix(rows), read_libsvm(sent.body)
    assert len(found) == len(rows)
    for place, line in enumerate(found):
        expected = {index: each for index, each in enumerate(matrix[place]) if not np.isnan(each)}
        assert {index: each for index, each in line.items() if each} == {
            index: each for index, each in expected.items() if each
        }
        assert set(line) <= set(expected)


def test_libsvm_leaves_out_what_a_model_does_not_know() -> None:
    rows = crossed(make_rows([[1.0, 2.0, 3.0], {0: 4.0, 2: 5.0}], 3))
    for serializer in (LibSVMRequestRowSerializer(), UnlabeledLibSVMRequestRowSerializer()):
        limited = serializer.limited(2)
        assert requests(limited, rows)[0].body == b"0 1:1 2:2\n0 1:4\n"
        assert limited.width == 2
        assert serializer.width is None
        assert limited == type(serializer)(width=2)


@pytest.mark.parametrize("width", [1, 30, 2_000])
def test_a_parquet_body_fits_whatever_the_width(width: int) -> None:
    names = [f"a column with quite a long name {place}" for place in range(width)]
    limit = 500 * width + 400_000
    for named in ("features", names):
        serializer = ParquetRequestRowSerializer(featuresColumnName=named)
        numbers = np.random.default_rng(0).random((400_000 // width, width))
        rows = make_rows([], width)
        rows = type(rows)(
            width,
            numbers.ravel(),
            np.arange(len(numbers) + 1) * width,
            rows.indices,
            np.zeros(len(numbers) + 1, np.int64),
            np.ones(len(numbers), np.bool_),
        )
        sent = requests(serializer, crossed(rows), limit=limit)
        assert len(sent) > 1
        assert all(0.3 * limit < len(each.body) <= limit for each in sent[:-1])
        table = pq.read_table(io.BytesIO(sent[0].body))
        expected = [f"f{place}" for place in range(width)] if named == "features" else names
        assert table.column_names == expected


def test_bodies_of_text() -> None:
    texts = pa.array(['"a"', '"b\\n"'])
    assert requests(JSONTextRequestRowSerializer(), texts)[0].body == b'{"instances":["a","b\\n"]}'
    sent = requests(JSONTextRequestRowSerializer(key='in"puts'), texts)
    assert json.loads(sent[0].body) == {'in"puts': ["a", "b\n"]}
    sent = requests(TextRequestRowSerializer(), pa.array(["é", "b"]))
    assert [each.body for each in sent] == ["é".encode(), b"b"]
    sent = requests(BinaryRequestRowSerializer(), pa.array([b"\x00\xff", b""], pa.binary()))
    assert [(each.body, each.rows) for each in sent] == [(b"\x00\xff", 1), (b"", 1)]


def test_bodies_of_columns() -> None:
    objects = pa.array(['{"a":1}', '{"a":2}', '{"a":3}'])
    sent = requests(JSONColumnsRequestRowSerializer(["a"]), objects, limit=35)
    assert [each.body for each in sent] == [
        b'{"instances":[{"a":1},{"a":2}]}',
        b'{"instances":[{"a":3}]}',
    ]
    lines = requests(JSONLinesColumnsRequestRowSerializer(["a"]), objects)[0].body
    assert lines == b'{"a":1}\n{"a":2}\n{"a":3}\n'
    assert requests(CSVColumnsRequestRowSerializer(["a"]), pa.array(["1", "2"]))[0].body == (
        b"1\n2\n"
    )


@pytest.mark.parametrize(
    ("serializer", "column"),
    [
        (TextRequestRowSerializer("t"), pa.array(["a", None])),
        (JSONTextRequestRowSerializer("t"), pa.array(['"a"', None])),
        (BinaryRequestRowSerializer("t"), pa.array([b"a", None])),
    ],
)
def test_a_null_is_named(serializer: RequestRowSerializer, column: pa.Array) -> None:
    with pytest.raises(InvalidDataError, match="column 't', row 1 of partition 3"):
        requests(serializer, column)


@pytest.mark.parametrize("names", ["a", [], ()])
def test_columns_are_a_list(names: Any) -> None:
    with pytest.raises(InvalidDataError, match="columnNames"):
        CSVColumnsRequestRowSerializer(names)


class Doubled(RequestRowSerializer):
    """What a user writes: rows in brackets, two at most, from a list of bytes."""

    contentType = "text/x-doubled"
    prefix, separator, suffix = b"<", b"|", b">"
    rowsPerRequest = 2

    def __init__(self, times: int = 2) -> None:
        self.times = times

    def column(self, schema: StructType) -> Column:
        raise NotImplementedError

    def encode(self, batch: pa.Array, where: Where) -> list[bytes]:
        return [each.as_py() * self.times for each in batch]


def test_a_serializer_of_a_user() -> None:
    sent = requests(Doubled(3), pa.array([b"a"]), pa.array([b"b", b"c"]))
    assert [(each.body, each.rows) for each in sent] == [(b"<aaa|bbb>", 2), (b"<ccc>", 1)]
    assert repr(Doubled(3)) == "Doubled(times=3)"


@given(st.lists(st.lists(st.binary(max_size=5), max_size=5), max_size=5), st.integers(30, 40))
def test_a_body_is_the_rows_with_what_stands_around_them(
    columns: list[list[bytes]], limit: int
) -> None:
    sent = requests(Doubled(1), *[pa.array(each, pa.binary()) for each in columns], limit=limit)
    rows = iter([row for column in columns for row in column])
    for each in sent:
        taken = [next(rows) for _ in range(each.rows)]
        assert each.body == b"<" + b"|".join(taken) + b">"
        assert len(each.body) <= limit
    assert next(rows, None) is None


@pytest.mark.parametrize("given_rows", [None, pa.array([1.0, 2.0]), [1, 2]])
def test_a_serializer_that_gives_no_bytes_is_told(given_rows: Any) -> None:
    with pytest.raises(InvalidDataError, match=r"Doubled\.encode gave \w+, which is no bytes"):
        binary_rows(given_rows, 2, Doubled())


class Compared(Doubled):
    def __init__(self, weights: Any) -> None:
        self.weights = weights


@pytest.mark.parametrize("wrap", [lambda each: each, lambda each: [each], lambda each: {"w": each}])
def test_arguments_of_numpy_are_compared(wrap: Callable[[Any], Any]) -> None:
    weights = np.array([1.0, np.nan])
    assert Compared(wrap(weights)) == Compared(wrap(weights.copy()))
    assert Compared(wrap(weights)) != Compared(wrap(np.array([1.0, 2.0])))
    assert Compared(wrap(weights)) != Compared(wrap(np.array([1.0])))
    assert Compared(wrap(weights)) != Compared(wrap(1.0))


@pytest.mark.parametrize("given_rows", [[b"a"], [b"a", None], [b"a", b"b", b"c"]])
def test_a_serializer_that_loses_rows_is_told(given_rows: list[bytes]) -> None:
    with pytest.raises(InvalidDataError, match=r"Doubled\.encode gave \d rows, \d of them null"):
        binary_rows(given_rows, 2, Doubled())


def test_the_bases_say_what_to_define() -> None:
    with pytest.raises(NotImplementedError, match="must define column"):
        RequestRowSerializer().column(StructType())
    with pytest.raises(NotImplementedError, match="must define encode"):
        RequestRowSerializer().encode(pa.array([]), WHERE)
    with pytest.raises(NotImplementedError, match="must define encodeRows"):
        FeatureRequestRowSerializer().encode(crossed(make_rows([[1.0]], 1)), WHERE)


def test_every_built_in_one_is_among_the_examples() -> None:
    bases = {"RequestRowSerializer", "FeatureRequestRowSerializer"}
    assert {type(each).__name__ for each in BUILT_IN} == set(serializers.__all__) - bases


def copies(value: Any) -> Iterator[Any]:
    yield pickle.loads(pickle.dumps(value))
    yield cloudpickle.loads(cloudpickle.dumps(value))
    names = inspect.signature(type(value)).parameters
    yield type(value)(**{name: getattr(value, name) for name in names})


@pytest.mark.parametrize(
    "serializer", [*BUILT_IN, Doubled(7)], ids=lambda each: type(each).__name__
)
def test_is_its_arguments_and_cannot_be_changed(serializer: RequestRowSerializer) -> None:
    for copy in copies(serializer):
        assert copy == serializer
        assert hash(copy) == hash(serializer)
        assert repr(copy) == repr(serializer)
        assert copy.contentType == serializer.contentType
    for name in inspect.signature(type(serializer)).parameters:
        with pytest.raises(AttributeError, match="cannot be changed"):
            setattr(serializer, name, "other")
    assert serializer.setSchema(StructType()) is serializer
    assert serializer != Doubled(8)


def test_differ_by_their_arguments() -> None:
    assert LibSVMRequestRowSerializer() != UnlabeledLibSVMRequestRowSerializer()
    assert ProtobufRequestRowSerializer(featuresColumnName="a") != ProtobufRequestRowSerializer()
    assert LibSVMRequestRowSerializer(None, "y", "x") == LibSVMRequestRowSerializer(
        labelColumnName="y", featuresColumnName="x"
    )


def test_the_media_types_of_the_predecessor() -> None:
    assert LibSVMRequestRowSerializer.contentType == "text/x-libsvm"
    assert ProtobufRequestRowSerializer.contentType == "application/x-recordio-protobuf"
    assert UnlabeledCSVRequestRowSerializer.contentType == "text/csv"
