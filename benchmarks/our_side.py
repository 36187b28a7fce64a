"""Our side: sparkml_sm and what bounds it, on the Spark of the Python that runs the benchmark."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks import data, requests_loop
from benchmarks.side import serve


def session(cores: int) -> SparkSession:
    """Start a Spark of that many cores, with the memory and the network of the other side."""
    return (
        SparkSession.builder.master(f"local[{cores}]")
        .config("spark.driver.memory", "4g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        # An object store has no checksum files: neither side reads or writes them here.
        .config("spark.hadoop.fs.file.impl", "org.apache.hadoop.fs.RawLocalFileSystem")
        .getOrCreate()
    )


OPERATIONS = (
    "versions",
    "make",
    "scan",
    "transfer",
    "stage",
    "score",
    "loop_pandas",
    "loop_encoder",
    "fit",
    "worker_peak",
)


class Ours:
    """The operations of this side."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        spark.sparkContext.setLogLevel("ERROR")

    def versions(self) -> dict[str, Any]:
        """Name what runs here."""
        import numpy as np

        java = _jvm(self.spark).java.lang.System.getProperty("java.version")
        return {
            "spark": self.spark.version,
            "python": sys.version.split()[0],
            "java": java,
            "pyarrow": pa.__version__,
            "numpy": np.__version__,
        }

    def make(self, name: str, rows: int | None, cache: str) -> dict[str, Any]:
        """Make a data set where it is not there yet."""
        dataset = data.rows_of(name, rows)
        return {"path": str(data.make(self.spark, dataset, Path(cache))), "rows": dataset.rows}

    def scan(self, data: str) -> dict[str, Any]:
        """Read all rows and throw them away."""
        frame = self.spark.read.parquet(data)
        return _timed(lambda: _discard(frame))

    def transfer(self, data: str) -> dict[str, Any]:
        """Bring the very columns that staging reads to Python, and do nothing with them."""
        frame = _staged_columns(self.spark.read.parquet(data))
        return _timed(lambda: _discard(frame.mapInArrow(_count_rows, "rows long")))

    def stage(
        self,
        data: str,
        out: str,
        format: str,  # noqa: A002
        partitions: int | None = None,
    ) -> dict[str, Any]:
        """Stage all rows in a folder or in S3, from that many partitions where it is said."""
        import sparkml_sm

        uri = out if "://" in out else f"file://{out}"
        if uri.startswith("file://"):
            shutil.rmtree(out, ignore_errors=True)
        frame = self._frame(data, partitions)
        start = time.perf_counter()
        staged = sparkml_sm.stage(frame, uri, format=format)
        seconds = time.perf_counter() - start
        return {
            "seconds": seconds,
            "uri": staged.uri,
            "rows": staged.rows,
            "bytes": staged.bytes,
            "objects": len(staged.objects),
        }

    def score(
        self,
        data: str,
        endpoint: str,
        format: str,  # noqa: A002
        partitions: int | None = None,
    ) -> dict[str, Any]:
        """Transform all rows through an endpoint of the server that the environment names."""
        model = _model(endpoint, format)
        frame = self._frame(data, partitions)
        return _timed(lambda: _checksum(model.transform(frame)))

    def loop_pandas(self, data: str, endpoint: str) -> dict[str, Any]:
        """Score by a loop that one would write oneself: pandas, CSV and boto3.

        Rows go to pandas as lists, since Spark 4.3 gives pandas no vector of a parquet file.
        """
        from pyspark.ml.functions import vector_to_array

        features = vector_to_array(F.col("features")).alias("features")
        frame = self.spark.read.parquet(data).select("label", features)
        # The same trap holds for a list that is made from such a vector, until this is off.
        self.spark.conf.set("spark.sql.execution.arrow.pythonUDF.columnarInput.enabled", "false")
        task = requests_loop.with_pandas(requests_loop.Endpoint(endpoint))
        return _timed(lambda: _checksum(frame.mapInPandas(task, requests_loop.SCHEMA)))

    def loop_encoder(self, data: str, endpoint: str, format: str) -> dict[str, Any]:  # noqa: A002
        """Score by the same loop on our columns and our encoder: no requests in flight."""
        frame = _staged_columns(self.spark.read.parquet(data))
        task = requests_loop.with_our_encoder(requests_loop.Endpoint(endpoint), format)
        return _timed(lambda: _checksum(frame.mapInArrow(task, requests_loop.SCHEMA)))

    def fit(self, data: str) -> dict[str, Any]:
        """Time a staging and a `fit`, and say what `fit` took beyond staging and job."""
        import boto3

        from sparkml_sm import IAMRole, XGBoostSageMakerEstimator

        estimator = XGBoostSageMakerEstimator(
            trainingInstanceType="ml.m5.xlarge",
            trainingInstanceCount=1,
            sagemakerRole=IAMRole("arn:aws:iam::000000000000:role/benchmarks"),
        )
        estimator.setNumRound(10).setObjective("binary:logistic")
        staging = self.stage(data, "s3://benchmarks/fit", "libsvm")["seconds"]
        frame = self.spark.read.parquet(data)
        start = time.perf_counter()
        estimator.fit(frame)
        whole = time.perf_counter() - start
        job = boto3.client("sagemaker").describe_training_job(
            TrainingJobName=estimator.latestTrainingJob
        )
        training = (job["TrainingEndTime"] - job["CreationTime"]).total_seconds()
        rest = whole - staging - training
        return {"seconds": rest, "fit": whole, "staging": staging, "job": training}

    def _frame(self, data: str, partitions: int | None) -> DataFrame:
        frame = self.spark.read.parquet(data)
        return frame if partitions is None else frame.coalesce(partitions)

    def worker_peak(self) -> dict[str, Any]:
        """The largest resident memory that any Python worker of this Spark ever had, in bytes."""
        return {"bytes": max(_peaks(self.spark), default=0)}


def _staged_columns(frame: DataFrame) -> DataFrame:
    from sparkml_sm.staging.columns import row_columns

    return row_columns(frame.schema, "label", "features", None).select(frame)


def _count_rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    rows = sum(batch.num_rows for batch in batches)
    yield pa.RecordBatch.from_arrays([pa.array([rows], pa.int64())], ["rows"])


def _model(endpoint: str, format: str) -> Any:  # noqa: A002
    import sparkml_sm
    from sparkml_sm.transformation import deserializers, serializers

    requests = {
        "csv": serializers.UnlabeledCSVRequestRowSerializer,
        "libsvm": serializers.LibSVMRequestRowSerializer,
        "recordio": serializers.ProtobufRequestRowSerializer,
    }
    return sparkml_sm.SageMakerModel(
        endpointInstanceType=None,
        endpointInitialInstanceCount=None,
        requestRowSerializer=requests[format](),
        responseRowDeserializer=deserializers.XGBoostCSVRowDeserializer(),
        existingEndpointName=endpoint,
        endpointCreationPolicy=sparkml_sm.EndpointCreationPolicy.DO_NOT_CREATE,
    )


def _peaks(spark: SparkSession) -> list[int]:
    """Read the kernel's own high-water mark of each living Python worker (they outlive a task)."""
    java = _jvm(spark).java.lang.ProcessHandle.current().pid()
    peaks = []
    for pid in _descendants(int(java)):
        status = Path(f"/proc/{pid}/status").read_text()
        if b"pyspark" in Path(f"/proc/{pid}/cmdline").read_bytes():
            line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
            peaks.append(int(line.split()[1]) * 1024)
    return peaks


def _jvm(spark: SparkSession) -> Any:
    return spark.sparkContext._jvm


def _descendants(pid: int) -> list[int]:
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += [int(child) for child in (task / "children").read_text().split()]
    return children + [below for child in children for below in _descendants(child)]


def _discard(frame: DataFrame) -> None:
    frame.write.format("noop").mode("overwrite").save()


def _checksum(frame: DataFrame) -> dict[str, Any]:
    """Use every prediction, so that nothing is optimised away, and say how many rows came back."""
    row = frame.selectExpr("count(prediction) AS rows", "sum(prediction) AS sum").first()
    assert row is not None
    return {"rows": row["rows"], "sum": row["sum"]}


def _timed(work: Callable[[], Mapping[str, Any] | None]) -> dict[str, Any]:
    start = time.perf_counter()
    answer = work() or {}
    return {"seconds": time.perf_counter() - start, **answer}


def _start() -> dict[str, Callable[..., Mapping[str, Any]]]:
    ours = Ours(session(int(sys.argv[1])))
    return {name: getattr(ours, name) for name in OPERATIONS}


if __name__ == "__main__":
    serve(_start)
