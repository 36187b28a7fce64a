"""The three data sets of the benchmarks: made once by Spark, the same on every machine.

Each is a parquet folder of four files with a `label` double (0 or 1) and a `features` vector:

========  =========  ========  ==================  =====================================
name      rows       features  values of a row     values
========  =========  ========  ==================  =====================================
dense     1,000,000  50        50                  normal, all 53 bits used
sp200     1,000,000  200       13 on average       counts from 1, as HashingTF makes them
sp262k    300,000    262,144   43 on average       counts from 1, as HashingTF makes them
========  =========  ========  ==================  =====================================

The number of values differs from row to row, as it does in text.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

__all__ = ["DATASETS", "Dataset", "cache_directory", "make", "rows_of"]

FILES = 4
SEED = 20_211
CHUNK = 10_000


@dataclass(frozen=True)
class Dataset:
    """What one data set looks like; `nonzeros` is None where its rows are dense."""

    name: str
    rows: int
    features: int
    nonzeros: int | None = None

    def path(self, cache: Path) -> Path:
        """Where it lies below the cache directory."""
        return cache / f"{self.name}-{self.rows}"


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset("dense", 1_000_000, 50),
        Dataset("sp200", 1_000_000, 200, 13),
        Dataset("sp262k", 300_000, 262_144, 43),
    )
}


def cache_directory() -> Path:
    """Where the data sets are kept: $SPARKML_SM_BENCH, or a folder in the temporary directory."""
    default = Path(tempfile.gettempdir()) / "sparkml_sm-benchmarks"
    return Path(os.environ.get("SPARKML_SM_BENCH", default))


def rows_of(name: str, rows: int | None) -> Dataset:
    """The data set of that name, with another number of rows where one is given."""
    dataset = DATASETS[name]
    return dataset if rows is None else replace(dataset, rows=rows)


def make(spark: SparkSession, dataset: Dataset, cache: Path) -> Path:
    """Write `dataset` below `cache` unless it is there, and return its path."""
    path = dataset.path(cache)
    if (path / "_SUCCESS").exists():
        return path
    shutil.rmtree(path, ignore_errors=True)
    from pyspark.ml.linalg import VectorUDT
    from pyspark.sql.types import DoubleType, StructField, StructType

    schema = StructType(
        [StructField("label", DoubleType(), False), StructField("features", VectorUDT(), False)]
    )
    frame = spark.range(0, FILES, 1, FILES).mapInArrow(_maker(dataset), schema)
    frame.write.option("compression", "snappy").parquet(str(path))
    return path


def _maker(
    dataset: Dataset,
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the task that turns the number of a file into the rows of that file."""
    chunk = _dense if dataset.nonzeros is None else _sparse

    def make_files(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np
        import pyarrow as pa

        for batch in batches:
            for number in batch.column(0).to_pylist():
                rng = np.random.default_rng([SEED, number])
                left = dataset.rows // FILES + (number < dataset.rows % FILES)
                while left:
                    rows = min(left, CHUNK)
                    label = pa.array(rng.integers(0, 2, rows).astype(np.float64))
                    features = chunk(rng, rows, dataset)
                    yield pa.RecordBatch.from_arrays([label, features], ["label", "features"])
                    left -= rows

    return make_files


def _dense(rng: object, rows: int, dataset: Dataset) -> pa.StructArray:
    """Make a chunk of dense vectors, in the layout of Spark's vector type."""
    import numpy as np
    import pyarrow as pa

    assert isinstance(rng, np.random.Generator)
    values = pa.array(rng.standard_normal(rows * dataset.features))
    offsets = np.arange(rows + 1, dtype=np.int32) * dataset.features
    return _vectors(
        pa.array(np.ones(rows, np.int8)),
        pa.nulls(rows, pa.int32()),
        pa.nulls(rows, pa.list_(pa.int32())),
        pa.ListArray.from_arrays(pa.array(offsets), values),
    )


def _sparse(rng: object, rows: int, dataset: Dataset) -> pa.StructArray:
    """Make a chunk of sparse vectors: one index from each of the strata that a coin takes.

    With twice as many strata as the wanted number of values, a row has that many on average, in
    ascending order and without a repetition.
    """
    import numpy as np
    import pyarrow as pa

    assert isinstance(rng, np.random.Generator)
    assert dataset.nonzeros is not None
    edges = np.linspace(0, dataset.features, 2 * dataset.nonzeros + 1).astype(np.int64)
    indices = rng.integers(edges[:-1], edges[1:], (rows, 2 * dataset.nonzeros)).astype(np.int32)
    taken = rng.random(indices.shape) < 0.5
    offsets = pa.array(np.concatenate([[0], taken.sum(axis=1).cumsum()]).astype(np.int32))
    counts = rng.geometric(0.8, int(taken.sum())).astype(np.float64)
    return _vectors(
        pa.array(np.zeros(rows, np.int8)),
        pa.array(np.full(rows, dataset.features, np.int32)),
        pa.ListArray.from_arrays(offsets, pa.array(indices[taken])),
        pa.ListArray.from_arrays(offsets, pa.array(counts)),
    )


def _vectors(*columns: pa.Array) -> pa.StructArray:
    import pyarrow as pa

    return pa.StructArray.from_arrays(list(columns), ["type", "size", "indices", "values"])
