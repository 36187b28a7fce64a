"""Decoded values as Arrow arrays of the types that a schema declares."""

from __future__ import annotations

from itertools import accumulate, chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.ml.linalg import VectorUDT
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DoubleType,
    FloatType,
    IntegralType,
    StringType,
    StructType,
    TimestampType,
)

from sparkml_sm.errors import InferenceError
from sparkml_sm.inference.kinds import arrow_type, plain_type, reader

__all__ = ["arrow_column", "holds_infinity", "holds_many", "spans"]

_NUMBERS = (DoubleType, FloatType, IntegralType)


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
        If a value is of another type or does not fit into it, or a vector is or holds null.
    """
    expected = arrow_type(kind)
    try:
        if isinstance(values, np.ndarray):
            values = _from_numpy(values, kind, name)
        elif isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if not isinstance(values, pa.Array):
            values = _from_list(list(values), plain_type(kind), expected)
        column = _cast(values, expected)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        zone = "; a timestamp needs its zone" if isinstance(kind, TimestampType) else ""
        raise InferenceError(
            f"the answers for column {name!r} are not {kind.simpleString()}, which the response "
            f"deserializer declares: declare the type that is answered{zone} "
            f"({type(error).__name__})"
        ) from error
    if isinstance(kind, VectorUDT) and (column.null_count or column.flatten().null_count):
        raise InferenceError(
            f"an answer for column {name!r} is or holds null, which a vector cannot: declare "
            "ArrayType(DoubleType()), or see the endpoint's log"
        )
    return column


def holds_infinity(column: pa.Array) -> bool:
    """Tell whether a number of an array, at any depth, is infinite."""
    kind = column.type
    if pa.types.is_floating(kind):
        return bool(pc.any(pc.is_inf(column)).as_py())
    if pa.types.is_map(kind):
        return holds_infinity(column.items)
    if pa.types.is_list(kind):
        return holds_infinity(column.flatten())
    if pa.types.is_struct(kind):
        return any(map(holds_infinity, column.flatten()))
    return False


def _from_list(values: list[Any], kind: DataType, expected: pa.DataType) -> pa.Array:
    item = kind.elementType if isinstance(kind, ArrayType) else kind
    if isinstance(kind, StringType):
        return pa.array(values, expected)
    if not isinstance(item, _NUMBERS):
        read = reader(kind)
        return pa.array([read(each) for each in values], expected)
    flat = chain.from_iterable(filter(None, values)) if item is not kind else values
    if not {bool, np.bool_}.isdisjoint(map(type, flat)):
        raise TypeError("a boolean is no number")
    if isinstance(item, IntegralType):
        # Arrow would cut off the fraction of a float on its way to an integer.
        return pa.array(values)
    wide = pa.float64()
    return pa.array(values, pa.list_(wide) if item is not kind else wide)


def _cast(values: pa.Array, expected: pa.DataType) -> pa.Array:
    """Cast; a boolean becomes no number, a finite number not infinite."""
    if values.type == expected:
        return values
    found, wanted = _item(values.type), _item(expected)
    if pa.types.is_boolean(found) and _is_number(wanted):
        raise TypeError("a boolean is no number")
    cast = values.cast(expected)
    if pa.types.is_float32(wanted) and holds_infinity(cast):
        wide = values if _is_number(found) else values.cast(_doubles(expected))
        if _infinities(cast) != _infinities(wide):
            raise ValueError("a number is beyond 32-bit floats")
    return cast


def _item(kind: pa.DataType) -> pa.DataType:
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return kind.value_type if listed else kind


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _doubles(kind: pa.DataType) -> pa.DataType:
    return pa.list_(pa.float64()) if pa.types.is_list(kind) else pa.float64()


def _infinities(values: pa.Array) -> int:
    flat = values.flatten() if pa.types.is_list(values.type) else values
    return int(pc.sum(pc.is_inf(flat)).as_py() or 0)


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
