"""`stage` to a real S3, with attempts that die or run twice."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkml_sm.aws.config import driver_config
from sparkml_sm.aws.paths import split_s3_uri
from sparkml_sm.errors import InvalidDataError, ResourceNotFoundError
from sparkml_sm.formats.arrow import Where
from sparkml_sm.formats.registry import FORMATS
from sparkml_sm.local import LocalSageMaker
from sparkml_sm.staging.columns import row_columns
from sparkml_sm.staging.destinations import open_destination
from sparkml_sm.staging.partitions import RESULT_SCHEMA, PartitionWriter, StagedPart
from sparkml_sm.staging.staged import StagedDataset, manifest_json, stage

BUCKET = "staging-tests"


@pytest.fixture(scope="module")
def s3(inside: LocalSageMaker) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def folder() -> str:
    return uuid.uuid4().hex[:8]


def _standing(s3: Any, folder: str) -> tuple[list[str], list[str]]:
    """Return the URIs of all objects and the keys of all open uploads."""
    objects = s3.list_objects_v2(Bucket=BUCKET, Prefix=folder).get("Contents", ())
    uploads = s3.list_multipart_uploads(Bucket=BUCKET, Prefix=folder).get("Uploads", ())
    uris = sorted(f"s3://{BUCKET}/{each['Key']}" for each in objects)
    return uris, [each["Key"] for each in uploads]


def _labels(s3: Any, staged: StagedDataset, format_: str) -> list[float]:
    found: list[float] = []
    for uri in staged.objects:
        bucket, key = split_s3_uri(uri)
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        rows = FORMATS[format_].decode(body)
        assert rows.label is not None
        found += rows.label.tolist()
    return found


def _numbered(spark: SparkSession, rows: int, features: int = 2) -> DataFrame:
    return spark.range(0, rows, numPartitions=2).select(
        F.col("id").cast("double").alias("label"),
        F.array_repeat(F.lit(0.5), features).alias("features"),
    )


def test_prefix_and_manifest_hold_exactly_the_rows_until_they_are_deleted(
    spark: SparkSession, s3: Any, folder: str
) -> None:
    staged = stage(_numbered(spark, 100), f"s3a://{BUCKET}/{folder}", "libsvm")
    objects, uploads = _standing(s3, folder)
    assert objects == sorted([*staged.objects, staged.manifest])
    assert uploads == []
    assert _labels(s3, staged, "libsvm") == [float(n) for n in range(100)]
    bucket, key = split_s3_uri(staged.manifest)
    head, *names = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert (head, [staged.uri + name for name in names]) == (
        {"prefix": staged.uri},
        list(staged.objects),
    )
    staged.delete()
    staged.delete()
    assert _standing(s3, folder) == ([], [])


def test_a_task_that_is_killed_midway_leaves_exactly_the_rows(
    spark: SparkSession, s3: Any, folder: str, dying: Callable[[DataFrame], DataFrame]
) -> None:
    # A batch of 10,000 rows is 12 MB, more than a part: the killed attempts have open uploads.
    df = _numbered(spark, 40_000, features=300)
    staged = stage(dying(df), f"s3://{BUCKET}/{folder}")
    objects, uploads = _standing(s3, folder)
    assert objects == sorted([*staged.objects, staged.manifest])
    assert uploads == []
    assert _labels(s3, staged, "recordio") == [float(n) for n in range(40_000)]
    staged.delete()


def _attempts(
    spark: SparkSession, folder: str, times: int
) -> tuple[PartitionWriter, list[list[StagedPart]]]:
    """Run every task of a staging several times, as speculation does; publish nothing."""
    destination = open_destination(f"s3://{BUCKET}/{folder}", driver_config())
    where = Where("features", "label", None)
    write = PartitionWriter(destination, "csv", where, width=None, allow_nan=True)
    df = _numbered(spark, 100)
    selected = row_columns(df.schema, "label", "features", None).select(df)
    rounds = [selected.mapInArrow(write, RESULT_SCHEMA).collect() for _ in range(times)]
    return write, [[StagedPart.from_row(row) for row in found] for found in rounds]


def test_of_tasks_that_ran_twice_one_attempt_counts_and_the_other_is_thrown_away(
    spark: SparkSession, s3: Any, folder: str
) -> None:
    write, (first, second) = _attempts(spark, folder, times=2)
    assert _standing(s3, folder)[0] == []
    assert len(_standing(s3, folder)[1]) == 4
    committed = [first[0].ticket, second[1].ticket]
    names = [ticket.name for ticket in committed]
    destination = write.destination
    destination.publish(committed, manifest_json(destination.uri, names))
    destination.publish(committed, manifest_json(destination.uri, names))
    objects, uploads = _standing(s3, folder)
    assert [uri for uri in objects if "manifest" not in uri] == [
        destination.uri + name for name in sorted(names)
    ]
    assert uploads == []
    destination.delete()
    assert _standing(s3, folder) == ([], [])


def test_an_attempt_that_ends_after_the_others_are_published_shows_no_row(
    spark: SparkSession, s3: Any, folder: str
) -> None:
    staged = stage(_numbered(spark, 100), f"s3://{BUCKET}/{folder}", "csv")
    late = staged._destination.writer("part-000000.csv")
    late.write(b"0,0.5,0.5\n")
    late.finish()
    assert _labels(s3, staged, "csv") == [float(n) for n in range(100)]
    staged.delete()
    assert _standing(s3, folder) == ([], [])


@pytest.fixture
def slow_neighbour(spark: SparkSession) -> DataFrame:
    """One partition is refused at once; the other writes on for seconds."""

    def slowly(batches: Iterator[Any]) -> Iterator[Any]:
        import time

        import pyarrow as pa

        for batch in batches:
            if batch["label"][0].as_py() is None:
                time.sleep(0.5)
                yield batch
                continue
            for _ in range(60):
                yield pa.RecordBatch.from_arrays(batch.columns, schema=batch.schema)
                time.sleep(0.15)

    df = spark.range(0, 20_000, numPartitions=2).select(
        F.expr("if(id < 10000, null, 1D)").alias("label"),
        F.array_repeat(F.lit(0.5), 20).alias("features"),
    )
    return df.mapInArrow(slowly, df.schema)


def test_a_refused_row_leaves_nothing_of_partitions_that_are_still_being_written(
    spark: SparkSession, s3: Any, folder: str, slow_neighbour: DataFrame
) -> None:
    import time

    with pytest.raises(InvalidDataError, match="label"):
        stage(slow_neighbour, f"s3://{BUCKET}/{folder}")
    assert _standing(s3, folder) == ([], [])
    time.sleep(3)
    assert _standing(s3, folder) == ([], [])


def test_a_missing_bucket_is_named_before_a_task_runs(spark: SparkSession, s3: Any) -> None:
    failing = _numbered(spark, 1).withColumn("label", F.raise_error("a task ran").cast("double"))
    with pytest.raises(ResourceNotFoundError, match="'no-such-bucket'"):
        stage(failing, "s3://no-such-bucket/x")
