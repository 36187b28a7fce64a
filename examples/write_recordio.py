"""Write digits as RecordIO files for any SageMaker program, and read them back.

As `df.write.format("sagemaker")` in the README of sagemaker-spark does, which could not read.
"""

from __future__ import annotations

import uuid

import boto3
from pyspark.sql import DataFrame

import sparkml_sm
from examples.digits import Digits, own_bucket, run


def main(role: str, digits: Digits) -> dict[str, float]:
    """Return how many rows were written, and how many came back as they were."""
    bucket, folder = own_bucket(), f"digits-{uuid.uuid4().hex[:8]}"
    try:
        found = written_and_read(digits.test, f"s3://{bucket}/{folder}")
        found.show(5)
        written, read = ([str(row) for row in each.collect()] for each in (digits.test, found))
        result = {"written": len(written), "same": len(set(written) & set(read))}
        print("rows:", result)
    finally:
        boto3.resource("s3").Bucket(bucket).objects.filter(Prefix=f"{folder}/").delete()
    return result


def written_and_read(rows: DataFrame, uri: str) -> DataFrame:
    """Write `rows` and return what is read."""
    spark = rows.sparkSession
    if spark.version.startswith("3."):  # its data sources are of the JVM alone
        staged = sparkml_sm.stage(rows, uri)
        return sparkml_sm.read_recordio(spark, staged.manifest)
    sparkml_sm.register(spark)
    rows.write.format("sagemaker").mode("append").save(uri)
    return spark.read.format("sagemaker").load(uri)


if __name__ == "__main__":
    run(main)
