"""`register`: the format "sagemaker" for one Spark session."""

from __future__ import annotations

from pyspark.sql import SparkSession

from sparkml_sm.aws.config import AwsConfig, driver_config
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.staging.credentials import proven

__all__ = ["register"]


def register(spark: SparkSession, *, config: AwsConfig | None = None) -> None:
    """Make ``format("sagemaker")`` known to a session of Spark 4, for reading and writing.

    How S3 is reached is found now, once for the session: after a change, register again. Without
    AWS credentials only ``file:///`` can be read and written. Each thread that writes calls this
    once, and again after a Ctrl-C.

    Parameters
    ----------
    spark : SparkSession
    config : AwsConfig, optional
        How S3 is reached; by default as boto3 in this process would.

    Raises
    ------
    ConfigurationError
        On Spark 3.5, which has no data sources in Python.

    Examples
    --------
    >>> register(spark)  # doctest: +SKIP
    >>> df.write.format("sagemaker").mode("append").save("s3://bucket/train")  # doctest: +SKIP
    >>> spark.read.format("sagemaker").load("s3://bucket/train")  # doctest: +SKIP
    DataFrame[label: double, features: vector]
    """
    if not hasattr(spark, "dataSource"):
        raise ConfigurationError(
            f"Spark {spark.version} has no data sources in Python, which came with 4.0: write with "
            "sparkml_sm.stage(df, uri) and read with sparkml_sm.read_recordio(spark, uri)"
        )
    from sparkml_sm.staging.datasource import SageMakerDataSource

    found, reason = _reached(spark, config)

    # Made here, so that Spark pickles it with its values and not by its name.
    class Configured(SageMakerDataSource):
        config = found
        refusal = reason

    spark.dataSource.register(Configured)
    # A write looks the format up in the active session of its thread in the JVM, which is a new
    # thread for each of Python's and after a Ctrl-C, and has none. This sets it; nothing is run.
    spark.createDataFrame([], "nothing int")


def _reached(spark: SparkSession, config: AwsConfig | None) -> tuple[AwsConfig | None, str]:
    try:
        return proven(spark, config or driver_config()), ""
    except ConfigurationError as error:
        return None, str(error)
