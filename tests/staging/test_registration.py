"""`register`: what it notes of AWS, and what it says where it cannot work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.staging.registration import register

try:
    import pyspark.sql.datasource  # noqa: F401

    HAS_API = True
except ImportError:
    HAS_API = False


@pytest.mark.skipif(HAS_API, reason="about Spark 3.5")
def test_spark_35_is_told_what_to_use_instead(spark: SparkSession) -> None:
    with pytest.raises(ConfigurationError, match=r"sparkml_sm\.stage.*sparkml_sm\.read_recordio"):
        register(spark)


@pytest.mark.skipif(not HAS_API, reason="about Spark 4")
def test_without_credentials_files_are_read_and_s3_is_refused_with_the_reason(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    register(spark)
    df = spark.createDataFrame([(1.0, [2.0])], "label double, features array<double>")
    df.write.format("sagemaker").mode("append").save((tmp_path / "a").as_uri())
    assert spark.read.format("sagemaker").load((tmp_path / "a").as_uri()).count() == 1
    with pytest.raises(Exception, match=r"no way to S3: no AWS region is set"):
        spark.read.format("sagemaker").load("s3://bucket/train").collect()


@pytest.mark.skipif(not HAS_API, reason="about Spark 4")
def test_a_thread_that_registers_writes(spark: SparkSession, tmp_path: Path) -> None:
    df = spark.createDataFrame([(1.0, [2.0])], "label double, features array<double>")

    def write() -> None:
        register(spark)
        df.write.format("sagemaker").mode("append").save(tmp_path.as_uri())

    with ThreadPoolExecutor(1) as pool:
        pool.submit(write).result()
    assert len(list(tmp_path.iterdir())) == 1
