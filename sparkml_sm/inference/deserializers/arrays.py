"""Decoded values as Arrow arrays of the types that a schema declares."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.ml.linalg import VectorUDT
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import ArrayType, DataType, DoubleType, StructType

from sparkml_sm.errors import InferenceError

__all__ = ["arrow_column", "holds_many", "plain_type", "spans"]


def plain_type(kind: DataType) -> DataType:
    """Return the type in which values of `kind` cross to Spark: a vector as a list of doubles."""
    return ArrayType(DoubleType(), containsNull=False) if isinstance(kind, VectorUDT) else kind


def holds_many(kind: DataType) -> bool:
    """Tell whether a value of this type is a list of numbers."""
    return isinstance(kind, (VectorUDT, ArrayType))


def spans(schema: StructType, width: int) -> list[slice]:
    """Tell which of `width` numbers of a row each column takes: vectors take what the others leave.

    Raises
    ------
    InferenceError
        If there are too few or too many, or two columns of vectors to share them.
    """
    many = [holds_many(field.dataType) for field in schema.fields]
    left = width - many.count(False)
    if many.count(True) > 1 or left < 0 or (left > 0 and not any(many)):
        raise InferenceError(
            f"the endpoint answers {width} fields a row and the response deserializer declares "
            f"{len(many)} columns, {many.count(True)} of them vectors: declare a column a field, "
            "or one vector for several"
        )
    stops = list(accumulate(left if each else 1 for each in many))
    return [slice(start, stop) for start, stop in zip([0, *stops], stops, strict=False)]


def arrow_column(values: Any, kind: DataType, name: str) -> pa.Array:
    """Return values as an array of the declared type.

    Parameters
    ----------
    values : Arrow array, numpy array or list
        A matrix of shape (rows, size) is a list a row; of shape (rows, 1), where one value is
        declared, that value.
    kind : DataType
    name : str
        Of the column, for messages.

    Raises
    ------
    InferenceError
        If a value is of another type.
    """
    expected = to_arrow_type(plain_type(kind))
    try:
        if isinstance(values, np.ndarray):
            values = _from_numpy(values, kind, name)
        elif isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if not isinstance(values, pa.Array):
            # Arrow would cut off the fraction of a float on its way to an integer.
            values = pa.array(values, None if _whole(expected) else expected)
        return values if values.type == expected else values.cast(expected)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise InferenceError(
            f"the answers for column {name!r} are not {kind.simpleString()}, which the response "
            f"deserializer declares: declare the type that is answered ({type(error).__name__})"
        ) from error


def _whole(kind: pa.DataType) -> bool:
    item = kind.value_type if pa.types.is_list(kind) else kind
    return bool(pa.types.is_integer(item))


def _from_numpy(values: np.ndarray[Any, Any], kind: DataType, name: str) -> pa.Array:
    # Of the machine's own byte order, and no 16-bit floats: Arrow reads no others.
    own = np.dtype(np.float64) if values.dtype.kind == "f" else values.dtype.newbyteorder("=")
    values = values.astype(own, copy=False)
    if not holds_many(kind):
        if values.ndim > 1 and values[:1].size > 1:
            raise InferenceError(
                f"each row is answered with {values[:1].size} numbers and column {name!r} is "
                f"{kind.simpleString()}: declare it as VectorUDT()"
            )
        return pa.array(values.reshape(len(values)))
    matrix = values.reshape(len(values), -1) if len(values) else values.reshape(0, 0)
    offsets = np.arange(len(matrix) + 1, dtype=np.int32) * matrix.shape[1]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(matrix.ravel()))
