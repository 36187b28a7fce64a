"""The same DataFrames, staged by the predecessor's JVM and by this library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.ml.linalg import SparseVector, Vector, Vectors
from pyspark.sql import DataFrame, SparkSession

from benchmarks.side import Side
from sparkml_sm import stage

_EDGES = [0.0, -0.0, 1.0, -2.5, 0.1, 1e-7, 1e-38, 1e-45, 3.4e38, 16_777_217.0, 2 / 3]


def _dense(number: int) -> Vector:
    return Vectors.dense([_EDGES[(number + step) % len(_EDGES)] for step in range(7)])


def _sparse(number: int) -> Vector:
    places = sorted({(number * 7919) % 300, (number * 31) % 300, number % 300})
    return SparseVector(300, places, [_EDGES[(number + at) % len(_EDGES)] for at in places])


def _mixed(number: int) -> Vector:
    if number % 5 == 0:
        return SparseVector(3, [], [])
    return Vectors.dense([number, 0.5, -1]) if number % 2 else SparseVector(3, [1], [number / 3])


_KINDS: dict[str, Callable[[int], Vector]] = {"dense": _dense, "sparse": _sparse, "mixed": _mixed}


@pytest.fixture(params=_KINDS)
def data(request: pytest.FixtureRequest, spark: SparkSession, tmp_path: Path) -> Path:
    """400 rows of one kind in one parquet file, with a column that is nobody's business."""
    features = _KINDS[request.param]
    rows = [(number, number % 4 / 3, features(number)) for number in range(400)]
    folder = tmp_path / "data"
    frame = spark.createDataFrame(rows, ["id", "label", "features"])
    frame.coalesce(1).write.parquet(str(folder))
    return folder


def _theirs(peer: Side, data: Path, out: Path, kind: str, **options: str) -> bytes:
    peer("write", data=str(data), out=str(out), kind=kind, options=options)
    [part] = out.glob("part-*")
    return part.read_bytes()


def _ours(rows: DataFrame, out: Path, kind: str, **columns: str | None) -> bytes:
    staged = stage(rows, out.as_uri(), format=kind, **columns)
    [part] = staged.objects
    return Path(part.removeprefix("file://")).read_bytes()


@pytest.mark.parametrize("label", ["label", "id as a double", None])
def test_recordio_is_the_same_to_the_byte(
    spark: SparkSession, peer: Side, data: Path, tmp_path: Path, label: str | None
) -> None:
    rows = spark.read.parquet(str(data))
    if label != "label":
        rows = rows.drop("label")
        if label:
            rows = rows.withColumn(label, rows["id"].cast("double"))
        data = tmp_path / "other"
        rows.coalesce(1).write.parquet(str(data))
    options = {"labelColumnName": label} if label else {}
    theirs = _theirs(peer, data, tmp_path / "theirs", "sagemaker", **options)
    assert _ours(rows, tmp_path / "ours", "recordio", labelCol=label) == theirs


def test_libsvm_holds_the_same_numbers(
    spark: SparkSession, peer: Side, data: Path, tmp_path: Path
) -> None:
    rows = spark.read.parquet(str(data)).drop("id")
    narrow = tmp_path / "narrow"  # Spark's own writer refuses every other column
    rows.coalesce(1).write.parquet(str(narrow))
    theirs = _theirs(peer, narrow, tmp_path / "theirs", "libsvm")
    assert _numbers(_ours(rows, tmp_path / "ours", "libsvm")) == _numbers(theirs)


def _numbers(text: bytes) -> list[tuple[float, dict[int, float]]]:
    """Read LIBSVM by Python alone: the two sides write the same number in different digits."""
    lines = []
    for line in text.splitlines():
        label, *features = line.split()
        pairs = (each.split(b":") for each in features)
        lines.append((float(label), {int(index): float(value) for index, value in pairs}))
    return lines
