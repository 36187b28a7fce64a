"""A program that its user interrupts: it stages or fits as told on stdin, and says how it ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pyarrow as pa
import pyspark
import pyspark.sql.functions as F
from pyspark.sql import DataFrame, SparkSession

from sparkml_sm import stage
from sparkml_sm.cli.java import java_environment
from tests.stages.conftest import Run


def _slowly(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch
        time.sleep(0.1)


def _wide(spark: SparkSession) -> DataFrame:
    frame = spark.range(0, 400_000, numPartitions=2).select(
        F.lit(1.0).alias("label"), F.array_repeat(F.lit(0.5), 400).alias("features")
    )
    return frame.mapInArrow(_slowly, frame.schema)


def _endless(spark: SparkSession, run: Run) -> None:
    rows = spark.range(2000).select(
        (F.col("id") % 2).cast("double").alias("label"),
        F.array(F.rand(1), F.rand(2), F.rand(3)).alias("features"),
    )
    run.estimator(num_round=1_000_000, endpointInstanceType="ml.m5.large").fit(rows)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    with java_environment(pyspark.__version__):
        spark = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", "1000")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .getOrCreate()
        )
    _say("ready")
    for line in sys.stdin:
        what, name = line.split()
        run = Run(name)
        try:
            if what == "stage":
                stage(_wide(spark), run.staging.toS3UriString())
            else:
                _endless(spark, run)
        except KeyboardInterrupt:
            _say("interrupted")
        else:
            _say("ended")
    spark.stop()


if __name__ == "__main__":
    main()
