"""The format "sagemaker": what is written and committed, its options, and Spark's use of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
from pyspark.errors import AnalysisException
from pyspark.ml.linalg import Vectors, VectorUDT
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DoubleType, StructField, StructType

import sparkml_sm.staging.folders as folders
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats import FeatureRows, concat_rows, recordio
from sparkml_sm.local import LocalSageMaker
from sparkml_sm.staging.registration import register
from sparkml_sm.staging.vectors import vector_batch, vector_schema
from sparkml_sm.testing.formats import make_rows, same_rows
from tests.formats.witness import GOLDENS, golden_rows
from tests.staging.rows import read_back

pytest.importorskip("pyspark.sql.datasource", reason="Spark 3.5 has no data sources in Python")

from pyspark.sql.datasource import CaseInsensitiveDict

from sparkml_sm.staging.datasource import SageMakerDataSource

ROWS = make_rows([[1.0, 2.0], {1: 3.0}, {}], 2, label=[0, 1, 2])


def source(path: Path | str, **options: str) -> SageMakerDataSource:
    uri = path if isinstance(path, str) else path.as_uri()
    return SageMakerDataSource(CaseInsensitiveDict({"path": uri, **options}))


def write(path: Path, *tasks: FeatureRows, attempts: int = 1, commit: bool = True) -> None:
    """Write as Spark does: a writer of its own, tasks some of which run again, one decision."""
    writer = source(path).writer(vector_schema("label", "features"), overwrite=False)
    told = []
    for rows in tasks:
        for _ in range(attempts):
            last = writer.write(iter([vector_batch(rows, "label", "features")]))
        told.append(last)
    if commit:
        writer.commit(told)
    else:
        writer.abort([told[0], None])


def read(path: Path | str, **options: str) -> list[FeatureRows]:
    reader = source(path, **options).reader(source(path, **options).schema())
    batches = [batch for part in reader.partitions() for batch in reader.read(part)]
    return [read_back(batch.column(1), batch.column(0)) for batch in batches]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_LAST_SECONDS", 0.0)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDENS.glob("*.pbr")))
def test_the_predecessors_bytes_are_written(tmp_path: Path, name: str) -> None:
    write(tmp_path, golden_rows(name))
    [file] = tmp_path.iterdir()
    assert file.read_bytes() == (GOLDENS / f"{name}.pbr").read_bytes()


def test_rows_lie_directly_below_the_path_once_whatever_ran_twice(tmp_path: Path) -> None:
    write(tmp_path, ROWS, attempts=3)
    assert len(names(tmp_path)) == 1
    [found] = read(tmp_path)
    same_rows(found, ROWS)


def test_appending_leaves_what_is_there(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    [first] = tmp_path.iterdir()
    before = first.read_bytes()
    write(tmp_path, make_rows([[7.0, 8.0]], 2, label=[1]))
    assert first.read_bytes() == before
    assert len(concat_rows(read(tmp_path))) == 4


def test_an_aborted_write_leaves_what_was_there_and_nothing_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    before = names(tmp_path)
    write(tmp_path, ROWS, ROWS, attempts=2, commit=False)
    assert names(tmp_path) == before


def test_partitions_of_different_widths_are_not_committed(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="have 2 features and rows of partition"):
        write(tmp_path, ROWS, make_rows([[1.0]], 1, label=[1]))


def test_empty_partitions_write_no_file(tmp_path: Path) -> None:
    write(tmp_path, make_rows([], 2, label=[]), ROWS)
    assert len(names(tmp_path)) == 1
    write(tmp_path / "none", make_rows([], 2, label=[]))
    assert names(tmp_path / "none") == []


def schema(**types: Any) -> StructType:
    return StructType([StructField(name, kind) for name, kind in types.items()])


def test_columns_are_found_by_their_names_and_others_left_aside(tmp_path: Path) -> None:
    columns = schema(id=DoubleType(), x=ArrayType(DoubleType()), y=DoubleType())
    batch = pa.RecordBatch.from_pydict({"id": [9.0], "x": [[1.0, 2.0]], "y": [3.0]})
    options = {"featurescolumnname": "x", "LABELCOLUMNNAME": "y"}
    writer = source(tmp_path, **options).writer(columns, overwrite=False)
    writer.commit([writer.write(iter([batch]))])
    [found] = read(tmp_path)
    same_rows(found, make_rows([[1.0, 2.0]], 2, label=[3.0]))
    assert source(tmp_path, **options).schema().names == ["y", "x"]


def test_without_a_label_column_none_is_written(tmp_path: Path) -> None:
    batch = vector_batch(ROWS, "label", "features").select(["features"])
    writer = source(tmp_path).writer(schema(features=VectorUDT()), overwrite=False)
    writer.commit([writer.write(iter([batch]))])
    [found] = read(tmp_path)
    assert found.label is None
    assert len(found) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labelColumnName": "y"}, "column 'y' does not exist"),
        ({"featuresColumnName": "x"}, "column 'x' does not exist"),
        ({"labelColumnName": "Label"}, "column 'Label' does not exist: did you mean 'label'"),
    ],
)
def test_a_column_that_is_named_must_be_there(
    tmp_path: Path, options: Mapping[str, str], message: str
) -> None:
    with pytest.raises(InvalidDataError, match=message):
        source(tmp_path, **options).writer(vector_schema("label", "features"), overwrite=False)


def test_a_label_in_another_case_is_not_left_aside(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match=r"column 'label' does not exist: .* 'Label'"):
        source(tmp_path).writer(vector_schema("Label", "features"), overwrite=False)


def test_places_that_differ_after_a_hash_stay_apart(tmp_path: Path) -> None:
    write(tmp_path / "d", ROWS)
    for end in ("#1", "?1"):
        uri = f"file://{tmp_path}/d{end}"
        writer = source(uri).writer(vector_schema("label", "features"), overwrite=False)
        rows = make_rows([[7.0, 8.0]], 2, label=[1])
        writer.commit([writer.write(iter([vector_batch(rows, "label", "features")]))])
        same_rows(concat_rows(read(uri)), rows)
    same_rows(concat_rows(read(tmp_path / "d")), ROWS)


def test_what_cannot_work_is_refused_before_a_task_runs(tmp_path: Path) -> None:
    columns = vector_schema("label", "features")
    with pytest.raises(ConfigurationError, match='use mode\\("append"\\)'):
        source(tmp_path).writer(columns, overwrite=True)
    with pytest.raises(ConfigurationError, match="no option 'labelcolumn': there are labelColumnN"):
        source(tmp_path, labelColumn="y").schema()
    with pytest.raises(ConfigurationError, match="leave out schema"):
        source(tmp_path).reader(schema(features=VectorUDT()))
    with pytest.raises(ConfigurationError, match="no way to S3"):
        source("s3://bucket/train").writer(columns, overwrite=False)
    with pytest.raises(ConfigurationError, match="no path"):
        SageMakerDataSource({}).writer(columns, overwrite=False)


def test_several_paths_are_read_in_order(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write(tmp_path / name, ROWS)
    paths = f'["{(tmp_path / "b").as_uri()}", "{(tmp_path / "a").as_uri()}"]'
    reader = SageMakerDataSource({"paths": paths}).reader(vector_schema("label", "features"))
    assert [Path(part.file.uri).parent.name for part in reader.partitions()] == ["b", "a"]


# Through Spark itself


@pytest.fixture(scope="module")
def registered(spark: SparkSession, inside: LocalSageMaker) -> SparkSession:
    register(spark)
    return spark


VECTORS = {
    "dense": [Vectors.dense(1.0, 0.0, -2.5), Vectors.dense(0.5, 2.0, 3.0)],
    "sparse": [Vectors.sparse(300_000, {7: 1.5, 299_999: -1.0}), Vectors.sparse(300_000, {})],
    "mixed": [Vectors.dense(1.0, 0.0, 2.0), Vectors.sparse(3, {2: 4.0})],
}


@pytest.mark.parametrize("kind", sorted(VECTORS))
@pytest.mark.parametrize("labelled", [True, False])
def test_vectors_survive_spark_both_ways(
    registered: SparkSession, tmp_path: Path, kind: str, labelled: bool
) -> None:
    rows = [(float(number), vector) for number, vector in enumerate(VECTORS[kind])]
    df = registered.createDataFrame(rows, ["label", "features"]).coalesce(1)
    written = df if labelled else df.drop("label")
    written.write.format("sagemaker").mode("append").save(tmp_path.as_uri())
    found = registered.read.format("sagemaker").load(tmp_path.as_uri())
    assert found.schema == df.schema
    expected = [(label if labelled else None, vector) for label, vector in rows]
    assert [tuple(row) for row in found.collect()] == expected


def numbered(spark: SparkSession, rows: int, partitions: int) -> DataFrame:
    return spark.range(0, rows, numPartitions=partitions).select(
        F.col("id").alias("label"), F.array(F.col("id").cast("float"), F.lit(0.5)).alias("features")
    )


def test_to_s3_and_back_in_order(registered: SparkSession) -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket="datasource-tests")
    uri = "s3://datasource-tests/train"
    df = numbered(registered, 1000, 4)
    for _ in range(2):
        df.write.format("sagemaker").mode("append").save(uri)
    keys = [
        each["Key"]
        for each in client.list_objects_v2(Bucket="datasource-tests", Prefix="train")["Contents"]
    ]
    assert len(keys) == 8
    assert all(re.fullmatch(r"train/[0-9a-f]{12}-part-00000[0-3]\.pbr", key) for key in keys)
    found = registered.read.format("sagemaker").load(uri)
    assert found.rdd.getNumPartitions() == 8
    assert [row.label for row in found.collect()] == [*range(1000), *range(1000)]
    assert "Uploads" not in client.list_multipart_uploads(Bucket="datasource-tests")


def test_tasks_that_are_killed_midway_leave_exactly_the_rows(
    registered: SparkSession, tmp_path: Path, dying: Callable[[DataFrame], DataFrame]
) -> None:
    df = dying(numbered(registered, 60_000, 2))
    df.write.format("sagemaker").mode("append").save(tmp_path.as_uri())
    found = registered.read.format("sagemaker").load(tmp_path.as_uri())
    assert [row.label for row in found.collect()] == list(range(60_000))
    assert len(names(tmp_path)) == 2


def test_a_row_that_cannot_be_written_is_named_and_nothing_stays(
    registered: SparkSession, tmp_path: Path
) -> None:
    bad = numbered(registered, 10, 2).withColumn("label", F.expr("if(label = 7, null, label)"))
    with pytest.raises(Exception, match=r"column 'label', row 2 of partition 1") as caught:
        bad.write.format("sagemaker").mode("append").save((tmp_path / "new").as_uri())
    assert "InvalidDataError" in str(caught.value)
    assert names(tmp_path) == []


def test_sparks_default_mode_is_refused_by_spark(registered: SparkSession, tmp_path: Path) -> None:
    df = numbered(registered, 1, 1)
    with pytest.raises(AnalysisException, match="UNSUPPORTED_DATA_SOURCE_SAVE_MODE"):
        df.write.format("sagemaker").save(tmp_path.as_uri())


def test_a_file_that_is_cut_off_is_named(registered: SparkSession, tmp_path: Path) -> None:
    data = (GOLDENS / "dense_50.pbr").read_bytes()
    (tmp_path / "part-000000.pbr").write_bytes(data[:-9])
    records = len(recordio.split(data))
    with pytest.raises(Exception, match=rf"part-000000.pbr, record {records - 1} .* is cut off"):
        registered.read.format("sagemaker").load(tmp_path.as_uri()).collect()


def test_a_manifest_without_names_is_named(registered: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "m.manifest").write_text('[{"prefix": "s3://bucket/run1/"}]')
    with pytest.raises(Exception, match=r"ResourceNotFoundError: .*m.manifest is a manifest that"):
        registered.read.format("sagemaker").load(f"{tmp_path.as_uri()}/m.manifest").collect()


def test_a_path_without_data_is_named(registered: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"there is no data at file:.*gone"):
        registered.read.format("sagemaker").load(f"{tmp_path.as_uri()}/gone").collect()
