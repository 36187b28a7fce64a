"""The same rows, scored through the same endpoint by the predecessor's JVM and by this library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.ml.linalg import Vector, Vectors
from pyspark.sql import DataFrame, SparkSession

import sparkml_sm
from benchmarks.side import Side
from sparkml_sm.local import LocalSageMaker

_ROLE = sparkml_sm.IAMRole("arn:aws:iam::123456789012:role/sagemaker")
# The predecessor's reader of XGBoost's answers wants commas between rows, which today's container
# no longer writes: SageMaker's own algorithms are what both can read.
_CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "KMeansSageMakerEstimator": ("KMeansProtobufResponseRowDeserializer", {"k": 3}),
    "PCASageMakerEstimator": ("PCAProtobufResponseRowDeserializer", {"num_components": 2}),
    "LDASageMakerEstimator": ("LDAProtobufResponseRowDeserializer", {"num_topics": 3}),
    "FactorizationMachinesRegressor": (
        "FactorizationMachinesRegressorDeserializer",
        {"num_factors": 2},
    ),
    "FactorizationMachinesBinaryClassifier": (
        "FactorizationMachinesBinaryClassifierDeserializer",
        {"num_factors": 2},
    ),
    "LinearLearnerMultiClassClassifier": (
        "LinearLearnerMultiClassClassifierProtobufResponseRowDeserializer",
        {"num_classes": 3},
    ),
    "LinearLearnerRegressor": ("LinearLearnerRegressorProtobufResponseRowDeserializer", {}),
    "LinearLearnerBinaryClassifier": (
        "LinearLearnerBinaryClassifierProtobufResponseRowDeserializer",
        {},
    ),
}


@pytest.fixture(scope="module")
def data(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 rows of 5 counts, dense and sparse in turns, in 3 partitions."""
    folder = tmp_path_factory.mktemp("scoring") / "rows"
    rows = [(number, float(number % 2), _features(number)) for number in range(300)]
    spark.createDataFrame(rows, ["id", "label", "features"]).repartition(3).write.parquet(
        str(folder)
    )
    return folder


def _features(number: int) -> Vector:
    counts = [float((number * step) % 7) for step in (1, 2, 3, 5, 8)]
    if number % 2:
        return Vectors.dense(counts)
    return Vectors.sparse(5, [(at, count) for at, count in enumerate(counts) if count])


@pytest.fixture(params=_CASES)
def model(
    request: pytest.FixtureRequest, spark: SparkSession, inside: LocalSageMaker, data: Path
) -> Iterator[sparkml_sm.SageMakerModel]:
    estimator = getattr(sparkml_sm, request.param)(
        "ml.m5.large", 1, "ml.m5.large", 1, sagemakerRole=_ROLE, **_CASES[request.param][1]
    )
    model = estimator.fit(spark.read.parquet(str(data)))
    yield model
    model.deleteResources(artifacts=True)


def _scored(frame: DataFrame) -> list[Any]:
    return sorted(frame.collect(), key=lambda row: row["id"])


def test_every_row_is_scored_the_same(
    spark: SparkSession,
    peer: Side,
    inside: LocalSageMaker,
    model: sparkml_sm.SageMakerModel,
    data: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    out = tmp_path / "theirs"
    estimator = request.node.callspec.params["model"]
    peer(
        "transform",
        data=str(data),
        out=str(out),
        url=inside.environment["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"],
        endpoint=model.endpointName,
        serializer="ProtobufRequestRowSerializer",
        deserializer=_CASES[estimator][0],
    )
    ours = model.transform(spark.read.parquet(str(data)))
    theirs = spark.read.parquet(str(out))
    assert ours.columns == theirs.columns
    assert [field.dataType for field in ours.schema] == [field.dataType for field in theirs.schema]
    assert _scored(ours) == _scored(theirs)
