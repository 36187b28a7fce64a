"""The predecessor's side: sagemaker_pyspark 1.4.5 on Spark 3.3, in an environment of its own.

Its jars go on the classpath as its manual says. `record` and `text` are the very writes of its
`fit`: the data source "sagemaker" for its own algorithms, Spark's "libsvm" for XGBoost.
"""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from benchmarks.side import serve

WRITERS = {"recordio": "sagemaker", "libsvm": "libsvm"}

NO_AWS = "-Daws.region=us-east-1 -Daws.accessKeyId=local -Daws.secretKey=local"
"""Its clients want a region and keys before they are pointed elsewhere."""


def session(cores: int) -> SparkSession:
    """Start Spark with the predecessor's jars, and without the _SUCCESS file, as its `fit` does."""
    import sagemaker_pyspark

    jars = ":".join(sagemaker_pyspark.classpath_jars())
    return (
        SparkSession.builder.master(f"local[{cores}]")
        .config("spark.driver.extraClassPath", jars)
        .config("spark.driver.extraJavaOptions", NO_AWS)
        .config("spark.driver.memory", "4g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        # An object store has no checksum files: neither side reads or writes them here.
        .config("spark.hadoop.fs.file.impl", "org.apache.hadoop.fs.RawLocalFileSystem")
        .config("spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
        .getOrCreate()
    )


class Peer:
    """The operations of this side."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        spark.sparkContext.setLogLevel("ERROR")

    def versions(self) -> dict[str, Any]:
        """Name what runs here."""
        java = _jvm(self.spark).java.lang.System.getProperty("java.version")
        return {"spark": self.spark.version, "python": sys.version.split()[0], "java": java}

    def scan(self, data: str) -> dict[str, Any]:
        """Read all rows and throw them away."""
        frame = self.spark.read.parquet(data)
        return _timed(lambda: frame.write.format("noop").mode("overwrite").save())

    def stage(self, data: str, out: str, format: str) -> dict[str, Any]:  # noqa: A002
        """Write all rows as the predecessor's `fit` writes them."""
        shutil.rmtree(out, ignore_errors=True)
        frame = self.spark.read.parquet(data)
        return _timed(lambda: frame.write.format(WRITERS[format]).save(f"file://{out}"))

    def score(self, data: str, url: str, endpoint: str, format: str) -> dict[str, Any]:  # noqa: A002
        """Transform all rows through an endpoint, one blocking request at a time in each task."""
        self._reach(url)
        model = self._model(endpoint, format)
        frame = self.spark.read.parquet(data)
        return _timed(lambda: _checksum(model.transform(frame)))

    def _reach(self, url: str) -> None:
        """Point the JVM's one runtime client, which no option reaches, at `url`."""
        aws = _jvm(self.spark).com.amazonaws
        place = aws.client.builder.AwsClientBuilder.EndpointConfiguration(url, "us-east-1")
        builder = aws.services.sagemakerruntime.AmazonSageMakerRuntimeClientBuilder.standard()
        client = builder.withEndpointConfiguration(place).build()
        requests = aws.services.sagemaker.sparksdk.transformation.util.RequestBatchIterator
        getattr(requests, "sagemakerRuntime_$eq")(client)

    def _model(self, endpoint: str, format: str) -> Any:  # noqa: A002
        from sagemaker_pyspark import EndpointCreationPolicy, SageMakerModel
        from sagemaker_pyspark.transformation import deserializers, serializers

        requests = {
            "csv": serializers.UnlabeledCSVRequestRowSerializer,
            "libsvm": serializers.LibSVMRequestRowSerializer,
            "recordio": serializers.ProtobufRequestRowSerializer,
        }
        return SageMakerModel(
            endpointInstanceType=None,
            endpointInitialInstanceCount=None,
            requestRowSerializer=requests[format](),
            responseRowDeserializer=deserializers.XGBoostCSVRowDeserializer(),
            existingEndpointName=endpoint,
            endpointCreationPolicy=EndpointCreationPolicy.DO_NOT_CREATE,
        )


def _jvm(spark: SparkSession) -> Any:
    return spark._jvm


def _checksum(frame: DataFrame) -> dict[str, Any]:
    """Use every prediction, so that nothing is optimised away, and say how many rows came back."""
    row = frame.selectExpr("count(prediction) AS rows", "sum(prediction) AS sum").first()
    assert row is not None
    return {"rows": row["rows"], "sum": row["sum"]}


def _timed(work: Any) -> dict[str, Any]:
    start = time.perf_counter()
    answer = work() or {}
    return {"seconds": time.perf_counter() - start, **answer}


def _start() -> Any:
    peer = Peer(session(int(sys.argv[1])))
    return {name: getattr(peer, name) for name in ("versions", "scan", "stage", "score")}


if __name__ == "__main__":
    serve(_start)
