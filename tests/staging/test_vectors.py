"""Vectors to Arrow as Spark lays them out, and back to what formats read."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from pyspark.ml.linalg import VectorUDT
from pyspark.sql.pandas.types import to_arrow_type

from sparkml_sm.formats import FeatureRows
from sparkml_sm.staging.vectors import vector_batch, vector_parts
from sparkml_sm.testing.formats import make_rows, same_rows
from tests.formats.strategies import batches
from tests.staging.rows import read_back

VECTOR = to_arrow_type(VectorUDT())


@given(batches())
def test_rows_survive_the_way_to_spark_and_back(rows: FeatureRows) -> None:
    batch = vector_batch(rows, "y", "x")
    batch.validate(full=True)
    found = read_back(batch.column(1), batch.column(0))
    same_rows(found, rows)
    assert found.dense.tolist() == rows.dense.tolist()


def test_columns_are_as_the_vector_type_says() -> None:
    rows = make_rows([[1.0, 2.0], {1: 3.0}], 2)
    batch = vector_batch(rows, "y", "x")
    assert batch.schema.names == ["y", "x"]
    assert batch.schema.types == [pa.float64(), VECTOR]
    assert batch.column(0).null_count == 2
    udt = VectorUDT()
    vectors = [udt.deserialize(tuple(row.values())) for row in batch.column(1).to_pylist()]
    assert [str(each) for each in vectors] == ["[1.0,2.0]", "(2,[1],[3.0])"]


def test_arrays_are_dense_rows() -> None:
    for kind in (pa.float64(), pa.float32(), pa.int64()):
        found = read_back(pa.array([[1, 2], [3, 4]], pa.list_(kind)))
        same_rows(found, make_rows([[1.0, 2.0], [3.0, 4.0]], 2))


def test_null_vectors_and_arrays_have_no_size() -> None:
    vector = {"type": 1, "size": None, "indices": None, "values": [1.0]}
    for column in (
        pa.array([vector, None], VECTOR),
        pa.array([[1.0], None], pa.list_(pa.float64())),
    ):
        assert vector_parts(column)[0].to_pylist() == [-1, None]
