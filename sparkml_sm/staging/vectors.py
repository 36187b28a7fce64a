"""Vectors in Arrow: as Spark lays out a vector column, and as the parts that formats read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.ml.linalg import VectorUDT
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import DoubleType, StructField, StructType

from sparkml_sm.formats.rows import FeatureRows, Offsets

__all__ = ["vector_batch", "vector_parts", "vector_schema"]

_SPARSE_TYPE, _DENSE_TYPE = 0, 1  # in the `type` field of a vector
_DENSE = -1  # in the `size` of the parts


def vector_schema(label: str, features: str) -> StructType:
    """Return the columns of rows that are read: a double and a vector."""
    return StructType([StructField(label, DoubleType()), StructField(features, VectorUDT())])


def vector_batch(rows: FeatureRows, label: str, features: str) -> pa.RecordBatch:
    """Return rows as a batch of `vector_schema`; labels are null where the rows carry none."""
    labels = pa.nulls(len(rows), pa.float64()) if rows.label is None else pa.array(rows.label)
    return pa.RecordBatch.from_arrays(
        [labels, _vectors(rows)],
        schema=pa.schema([(label, pa.float64()), (features, to_arrow_type(VectorUDT()))]),
    )


def _vectors(rows: FeatureRows) -> pa.StructArray:
    kind = to_arrow_type(VectorUDT())
    dense = rows.dense
    types = np.where(dense, _DENSE_TYPE, _SPARSE_TYPE).astype(np.int8)
    sizes = np.full(len(rows), rows.width, dtype=np.int32)

    def lists(offsets: Offsets, elements: np.ndarray, mask: pa.Array | None) -> pa.ListArray:
        name = "values" if mask is None else "indices"
        return pa.ListArray.from_arrays(
            pa.array(offsets.astype(np.int32)),
            pa.array(elements),
            type=kind.field(name).type,
            mask=mask,
        )

    return pa.StructArray.from_arrays(
        [
            pa.array(types),
            pa.array(sizes, mask=dense),
            lists(rows.index_offsets, rows.indices, pa.array(dense)),
            lists(rows.value_offsets, rows.values, None),
        ],
        fields=list(kind),
    )


def vector_parts(column: pa.Array) -> list[pa.Array]:
    """Return a vector or array column as `size`, `indices` and `values`, as `feature_parts` does.

    Parameters
    ----------
    column : struct or list array
        A column that Spark sent as it stands.
    """
    if pa.types.is_struct(column.type):
        kind, size, indices, values = column.flatten()  # null where the vector is
        return [pc.if_else(pc.equal(kind, _DENSE_TYPE), _DENSE, size), indices, values]
    sizes = pc.if_else(column.is_valid(), pa.scalar(_DENSE, pa.int32()), None)
    nothing = pa.array(np.zeros(len(column) + 1, dtype=np.int32))
    indices = pa.ListArray.from_arrays(nothing, pa.array([], pa.int32()))
    return [sizes, indices, column.cast(pa.list_(pa.float64()))]
