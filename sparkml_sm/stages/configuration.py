"""What a cluster's administrator sets once, in Spark's configuration."""

from __future__ import annotations

from pyspark.sql import SparkSession

__all__ = ["configured"]


def configured(spark: SparkSession, key: str) -> str | None:
    """Return the value of `key` in Spark's configuration, or None.

    Parameters
    ----------
    spark : SparkSession
    key : str
        Looked for as it is and with ``spark.`` before it: spark-submit's ``--conf`` takes the
        latter alone.
    """
    for name in (key, f"spark.{key}"):
        value = spark.conf.get(name, None)
        if value:
            return value
    return None
