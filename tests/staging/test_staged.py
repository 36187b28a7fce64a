"""`stage` to a folder: the same tasks, tickets and publication as to S3."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.request import url2pathname

import numpy as np
import pytest
from pyspark.ml.linalg import DenseVector, SparseVector, Vectors
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats.registry import FORMATS
from sparkml_sm.staging.reading import read_recordio
from sparkml_sm.staging.staged import StagedDataset, stage


def _path(uri: str) -> Path:
    return Path(url2pathname(uri.removeprefix("file://")))


def _labels(staged: StagedDataset, format_: str) -> list[float]:
    found: list[float] = []
    for uri in staged.objects:
        rows = FORMATS[format_].decode(_path(uri).read_bytes())
        assert rows.label is not None
        found += rows.label.tolist()
    return found


@pytest.fixture
def numbered(spark: SparkSession) -> DataFrame:
    """A hundred rows whose label is their number, in 4 partitions of 25 in order."""
    return spark.range(0, 100, numPartitions=4).select(
        F.col("id").cast("double").alias("label"),
        F.array(F.col("id").cast("double"), F.lit(0.5)).alias("features"),
    )


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_the_prefix_and_the_manifest_hold_exactly_the_rows(
    numbered: DataFrame, tmp_path: Path, format_: str
) -> None:
    staged = stage(numbered, tmp_path.as_uri(), format_)
    assert (staged.rows, staged.features, len(staged.objects)) == (100, 2, 4)
    assert list(staged.objects) == sorted(staged.objects)
    assert _labels(staged, format_) == [float(n) for n in range(100)]
    in_folder = sorted(path for path in _path(staged.uri).iterdir())
    assert in_folder == [_path(uri) for uri in staged.objects]
    assert staged.bytes == sum(path.stat().st_size for path in in_folder)
    head, *names = json.loads(_path(staged.manifest).read_bytes())
    assert [head["prefix"] + name for name in names] == list(staged.objects)


def test_two_stagings_to_one_place_do_not_meet_and_delete_only_their_own(
    numbered: DataFrame, tmp_path: Path
) -> None:
    first = stage(numbered, tmp_path.as_uri())
    second = stage(numbered, tmp_path.as_uri())
    first.delete()
    first.delete()
    assert not _path(first.uri).exists()
    assert len(list(_path(second.uri).iterdir())) == 4
    second.delete()
    assert list(tmp_path.iterdir()) == []


def test_a_place_is_all_that_its_uri_holds(
    spark: SparkSession, numbered: DataFrame, tmp_path: Path
) -> None:
    places = [f"file://{tmp_path}/d{end}" for end in ("", "#1", "?1")]
    staged = [stage(numbered.limit(n), place) for n, place in enumerate(places, start=1)]
    assert {path.name for path in tmp_path.iterdir()} == {"d", "d#1", "d?1"}
    for n, (place, each) in enumerate(zip(places, staged, strict=True), start=1):
        for uri in (place, each.manifest):
            assert read_recordio(spark, uri).count() == n
        each.delete()
    assert list(tmp_path.iterdir()) == []


def test_empty_and_one_row_partitions_lose_nothing(spark: SparkSession, tmp_path: Path) -> None:
    df = spark.range(0, 3, numPartitions=8).select(
        F.col("id").cast("double").alias("label"), F.array(F.lit(1.0)).alias("features")
    )
    staged = stage(df, tmp_path.as_uri(), "libsvm")
    assert _labels(staged, "libsvm") == [0.0, 1.0, 2.0]
    assert len(staged.objects) == 3


def test_dense_and_sparse_rows_of_one_column_keep_their_order(
    spark: SparkSession, tmp_path: Path
) -> None:
    vectors: list[DenseVector | SparseVector] = [
        Vectors.dense(1.0, 0.0, 2.0),
        Vectors.sparse(3, {2: 4.0}),
        Vectors.sparse(3, {}),
        Vectors.dense(0.0, 0.0, 0.0),
    ]
    df = spark.createDataFrame(
        [(float(n), v) for n, v in enumerate(vectors)], ["label", "features"]
    )
    staged = stage(df.coalesce(1), tmp_path.as_uri(), "recordio")
    read = FORMATS["recordio"].decode(_path(staged.objects[0]).read_bytes())
    assert read.dense.tolist() == [True, False, False, True]
    assert np.asarray(read.label).tolist() == [0.0, 1.0, 2.0, 3.0]
    assert read.values.tolist() == [1.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0]


def test_weights_and_no_label(spark: SparkSession, tmp_path: Path) -> None:
    df = spark.createDataFrame([Row(label=1, w=0.25, a=3.0, b=4)])
    weighted = stage(df, tmp_path.as_uri(), "libsvm", featuresCol=["a", "b"], weightCol="w")
    assert _path(weighted.objects[0]).read_text().startswith("1:0.25 1:3")
    unlabelled = stage(df, tmp_path.as_uri(), "csv", labelCol=None, featuresCol=["a", "b"])
    assert [float(x) for x in _path(unlabelled.objects[0]).read_text().split(",")] == [3.0, 4.0]


def test_a_killed_task_is_tried_again_and_leaves_nothing_behind(
    spark: SparkSession, tmp_path: Path, dying: Callable[[DataFrame], DataFrame]
) -> None:
    df = spark.range(0, 60_000, numPartitions=2).select(
        F.col("id").cast("double").alias("label"), F.array(F.lit(1.0)).alias("features")
    )
    staged = stage(dying(df), tmp_path.as_uri(), "libsvm")
    assert _labels(staged, "libsvm") == [float(n) for n in range(60_000)]
    assert sorted(path.name for path in _path(staged.uri).iterdir()) == [
        "part-000000.libsvm",
        "part-000001.libsvm",
    ]


def test_libsvm_without_label_begins_with_the_first_feature(
    spark: SparkSession, tmp_path: Path
) -> None:
    df = spark.createDataFrame([(8.0, 0.5)], ["a", "b"])
    staged = stage(df, tmp_path.as_uri(), "libsvm", labelCol=None, featuresCol=["a", "b"])
    assert _path(staged.objects[0]).read_text() == "1:8 2:0.5\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(None, [1.0])], r"label"),
        ([(1.0, None)], r"features"),
        ([(1.0, [None])], r"features"),
        ([(1.0, [1.0]), (2.0, [1.0, 2.0])], r"features"),
        ([(float("nan"), [1.0])], r"label"),
        ([(1.0, [float("inf")])], r"features"),
    ],
)
def test_a_row_that_cannot_be_written_is_named_and_nothing_stays(
    spark: SparkSession, tmp_path: Path, rows: list[object], message: str
) -> None:
    df = spark.createDataFrame(rows, "label double, features array<double>").coalesce(1)
    with pytest.raises(InvalidDataError, match=message) as caught:
        stage(df, tmp_path.as_uri(), "libsvm")
    assert "row" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_partitions_of_different_widths_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    df = spark.range(0, 2, numPartitions=2).select(
        F.lit(1.0).alias("label"),
        F.expr("if(id = 0, array(1D), array(1D, 2D))").alias("features"),
    )
    with pytest.raises(InvalidDataError, match="partition 0 have 1 features"):
        stage(df, tmp_path.as_uri())
    assert list(tmp_path.iterdir()) == []


def test_no_rows_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    df = spark.createDataFrame([], "label double, features array<double>")
    with pytest.raises(InvalidDataError, match="no rows"):
        stage(df, tmp_path.as_uri())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "avro"}, "format 'avro' is unknown"),
        ({"weightCol": "label"}, "RecordIO-protobuf has no place for weights"),
        ({"uri": "hdfs:///tmp"}, "no place to stage to"),
        ({"uri": "file://host/tmp"}, "no absolute file URI"),
        ({"uri": None}, "a place is text, s3://.* and not None"),
        ({"uri": Path("/tmp")}, r"a place is text, s3://.* and not PosixPath\('/tmp'\)"),
    ],
)
def test_an_argument_that_cannot_work_is_refused(
    numbered: DataFrame, tmp_path: Path, arguments: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        stage(numbered, **{"uri": tmp_path.as_uri(), **arguments})  # type: ignore[arg-type]
