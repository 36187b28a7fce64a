"""Columns as JSON can hold them, before Spark's `to_json` writes them."""

from __future__ import annotations

import pyspark.sql.functions as F
from pyspark.ml.functions import vector_to_array
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import Column
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DoubleType,
    FloatType,
    MapType,
    StructType,
    UserDefinedType,
)

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.inference.serializers.base import named

__all__ = ["json_value"]

_FLOATS = (DoubleType, FloatType)


def json_value(name: str, kind: DataType) -> Column:
    """Return a column as JSON can hold it: vectors as lists, NaN as null.

    Raises
    ------
    InvalidDataError
        If it is or holds what JSON has no form for: a matrix, a vector inside of another value.
    """
    _refuse_nested_vectors(name, kind)
    column = named(name)
    if isinstance(kind, VectorUDT):
        # vector_to_array fails on a null.
        column = F.when(column.isNotNull(), vector_to_array(column))
        kind = ArrayType(DoubleType())
    elif isinstance(kind, UserDefinedType):
        raise InvalidDataError(
            f"column {name!r} is {kind.simpleString()}, which JSON has no form for: send a vector "
            "or an array"
        )
    return _finite(column, kind, name).alias(name)


def _refuse_nested_vectors(name: str, kind: DataType) -> None:
    """Refuse vectors and matrices inside of other values, which Spark writes as their parts."""
    inner: list[DataType] = []
    if isinstance(kind, ArrayType):
        inner = [kind.elementType]
    elif isinstance(kind, MapType):
        inner = [kind.keyType, kind.valueType]
    elif isinstance(kind, StructType):
        inner = [field.dataType for field in kind.fields]
    for each in inner:
        if isinstance(each, UserDefinedType):
            raise InvalidDataError(
                f"column {name!r} holds {each.simpleString()} inside of {kind.simpleString()}, "
                "which JSON has no form for: select it as a column of its own, or convert it with "
                "vector_to_array"
            )
        _refuse_nested_vectors(name, each)


def _finite(column: Column, kind: DataType, name: str) -> Column:
    """Return the column with null for each NaN, at any depth, and an error for an infinity."""
    if not _holds_floats(kind):
        return column
    if isinstance(kind, ArrayType):
        element = kind.elementType
        return F.transform(column, lambda each: _finite(each, element, name))
    if isinstance(kind, MapType):
        inner = kind.valueType
        return F.transform_values(column, lambda _, each: _finite(each, inner, name))
    if isinstance(kind, StructType):
        fields = [
            _finite(column.getField(each.name), each.dataType, name).alias(each.name)
            for each in kind.fields
        ]
        return F.when(column.isNotNull(), F.struct(*fields))
    infinite = F.raise_error(
        f"column {name!r}: a number is infinite, which JSON cannot hold; replace it before"
    )
    found = F.when(F.abs(column) == float("inf"), infinite.cast(kind))
    return found.when(~F.isnan(column), column)


def _holds_floats(kind: DataType) -> bool:
    if isinstance(kind, ArrayType):
        return _holds_floats(kind.elementType)
    if isinstance(kind, MapType):
        return _holds_floats(kind.valueType)
    if isinstance(kind, StructType):
        return any(_holds_floats(field.dataType) for field in kind.fields)
    return isinstance(kind, _FLOATS)
