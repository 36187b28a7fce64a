"""RecordIO files as DataFrames: rows, order, and errors that name file and record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from pyspark.ml.linalg import DenseVector, SparseVector
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import sparkml_sm.staging.sources as sources
from sparkml_sm.errors import ConfigurationError, InvalidDataError, ResourceNotFoundError
from sparkml_sm.formats import FeatureRows, concat_rows, recordio, slice_rows
from sparkml_sm.local import LocalSageMaker
from sparkml_sm.staging.reading import file_rows, read_recordio
from sparkml_sm.staging.sources import find_files
from sparkml_sm.staging.staged import stage
from sparkml_sm.staging.vectors import vector_schema
from sparkml_sm.testing.formats import make_rows
from tests.formats.witness import GOLDENS, golden_rows

NAMES = sorted(path.stem for path in GOLDENS.glob("*.pbr"))


def encoded(rows: FeatureRows) -> bytes:
    return b"".join(recordio.encode(rows).to_pylist())


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[FeatureRows]]:
    """Read a file of given bytes, in chunks of a few bytes: pieces of a few records."""

    def read(data: bytes, chunk: int = 100) -> list[FeatureRows]:
        path = tmp_path / "part-000000.pbr"
        path.write_bytes(data)
        monkeypatch.setattr(sources, "_CHUNK_BYTES", chunk)
        [file] = find_files(path.as_uri(), None)
        return list(file_rows(file, None))

    return read


@pytest.mark.parametrize("name", NAMES)
def test_the_predecessors_files_are_read_in_pieces(
    read: Callable[..., list[FeatureRows]], name: str
) -> None:
    data = (GOLDENS / f"{name}.pbr").read_bytes()
    found = read(data, chunk=len(data) // 3)
    assert len(found) > 1
    rows, expected = concat_rows(found), golden_rows(name)
    assert rows.width == expected.width
    for part in ("label", "dense", "values", "value_offsets", "indices", "index_offsets"):
        np.testing.assert_array_equal(getattr(rows, part), getattr(expected, part))


def test_an_empty_file_has_no_rows(read: Callable[..., list[FeatureRows]]) -> None:
    assert read(b"") == []


def record(number: int, width: int = 2, **label: Any) -> bytes:
    return encoded(make_rows([[float(number)] * width], width, **label))


GOOD = b"".join(record(number) for number in range(20))
SIZE = len(GOOD) // 20


@pytest.mark.parametrize("chunk", [100, 1 << 20])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (GOOD[:-3], rf"record 19 \(counted from 0\): byte {19 * SIZE} begins .* record is cut off"),
        (GOOD[: 5 - SIZE], rf"record 19 .*: byte {19 * SIZE} begins .* the header is cut off"),
        (GOOD[: 7 * SIZE] + b"junk" * 9, rf"record 7 .*: byte {7 * SIZE} begins .* magic number"),
        (b"1,2,3\n4,5,6\n", r"record 0 .*: byte 0 begins .* magic number"),
        (GOOD + record(0, width=3), r"record 20 .*: it .*2"),
        (
            GOOD + record(0, label=[1.0]) + GOOD,
            r"record \d+ .*: it has (no|a|2 features and no) label",
        ),
        (GOOD[:8] + b"\xff" * (SIZE - 8) + GOOD, r"record 0 .*: the bytes are not Protocol"),
        (GOOD + GOOD[:8] + b"\xff" * (SIZE - 8) + GOOD, r"record 20 .*: the bytes are not Proto"),
    ],
)
def test_a_broken_record_is_named_with_its_file(
    read: Callable[..., list[FeatureRows]], data: bytes, message: str, chunk: int
) -> None:
    with pytest.raises(InvalidDataError, match=message) as caught:
        read(data, chunk)
    assert "part-000000.pbr, record" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "of the RecordIO data" not in str(caught.value)


def vectors(rows: FeatureRows) -> list[DenseVector | SparseVector]:
    """Return the features of rows as Spark's vectors, one by one."""
    found: list[DenseVector | SparseVector] = []
    for number in range(len(rows)):
        row = slice_rows(rows, number, number + 1)
        found.append(
            DenseVector(row.values)
            if row.dense[0]
            else SparseVector(rows.width, row.indices, row.values)
        )
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_predecessors_files_are_dataframes(spark: SparkSession, name: str) -> None:
    expected = golden_rows(name)
    df = read_recordio(spark, (GOLDENS / f"{name}.pbr").as_uri(), "y", "x")
    assert df.schema == vector_schema("y", "x")
    found = df.collect()
    assert [row.y for row in found] == np.asarray(expected.label).tolist()
    assert [row.x for row in found] == vectors(expected)


def test_what_is_staged_is_read_in_the_order_of_its_partitions(
    spark: SparkSession, tmp_path: Path
) -> None:
    df = spark.range(0, 100, numPartitions=4).select(
        F.array(F.col("id").cast("double")).alias("features")
    )
    staged = stage(df, tmp_path.as_uri(), labelCol=None)
    for uri in (staged.uri, staged.manifest):
        found = read_recordio(spark, uri)
        assert found.rdd.getNumPartitions() == 4
        assert [tuple(row) for row in found.collect()] == [
            (None, DenseVector([float(number)])) for number in range(100)
        ]


def test_what_is_in_s3_is_read(spark: SparkSession, inside: LocalSageMaker) -> None:
    boto3.client("s3").create_bucket(Bucket="reading-tests")
    df = spark.createDataFrame([(1.0, SparseVector(9, {3: 4.0}))], ["label", "features"])
    staged = stage(df.coalesce(1), "s3://reading-tests/train")
    for uri in (staged.uri, staged.manifest, staged.objects[0]):
        assert read_recordio(spark, uri).collect() == df.collect()


def test_a_path_without_data_is_refused_at_once(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(ResourceNotFoundError, match="there is no data at"):
        read_recordio(spark, tmp_path.as_uri())
    with pytest.raises(ConfigurationError, match="use s3://bucket/prefix or file:///folder"):
        read_recordio(spark, "hdfs:///train")
    with pytest.raises(ConfigurationError, match=r"a place is text, s3://.* and not None"):
        read_recordio(spark, None)  # type: ignore[arg-type]
