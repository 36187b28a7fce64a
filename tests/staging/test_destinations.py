"""Where staged files go, and that nothing else of the application changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkml_sm.aws.config import AwsConfig
from sparkml_sm.staging.destinations import open_destination
from sparkml_sm.staging.objects import S3Destination
from sparkml_sm.staging.staged import manifest_json, stage


@pytest.mark.parametrize("uri", ["s3://bucket/in/run1", "s3a://bucket/in/run1/"])
def test_every_staging_has_a_prefix_of_its_own_that_ends_with_a_slash(uri: str) -> None:
    first, second = (open_destination(uri, AwsConfig("us-east-1")) for _ in range(2))
    assert first.uri != second.uri
    for each in (first, second):
        assert each.uri.startswith("s3://bucket/in/run1/")
        assert each.uri.endswith("/"), "without it run1 would match run10"
        assert each.uri.count("/") == 6
        assert isinstance(each, S3Destination)
        assert f"s3://bucket/{each.manifest_key}" == each.uri[:-1] + ".manifest"


def test_a_manifest_names_every_file_below_its_prefix() -> None:
    """SageMaker joins them: prefix + name is an object (API: S3DataSource.S3Uri)."""
    head, *names = json.loads(manifest_json("s3://bucket/in/x/", ["part-0", "deep/part-1"]))
    assert [head["prefix"] + name for name in names] == [
        "s3://bucket/in/x/part-0",
        "s3://bucket/in/x/deep/part-1",
    ]


def _settings(spark: SparkSession) -> set[str]:
    """Return all settings of Hadoop and Spark, as lines."""
    hadoop = spark._jsc.hadoopConfiguration()
    writer = spark._jvm.java.io.StringWriter()  # type: ignore[union-attr]
    hadoop.writeXml(writer)
    return {*writer.toString().split("<property>"), *map(str, _spark_settings(spark))}


def _spark_settings(spark: SparkSession) -> list[tuple[str, str]]:
    return [(row.key, row.value) for row in spark.sql("SET").collect()]


def test_no_setting_of_the_application_is_touched(spark: SparkSession, tmp_path: Path) -> None:
    rows = spark.createDataFrame([(1.0, [2.0])], "label double, features array<double>")
    before = _settings(spark)
    assert len(before) > 100
    stage(rows.coalesce(1), tmp_path.as_uri()).delete()
    assert _settings(spark) == before
