"""How rows cross through pandas, on Spark 3.5 and 4.0, without losing anything.

pandas has one mark, NaN, for null and for NaN; holds integers beside it as 64-bit floats; and Spark
shifts instants by the session's zone. So a column crosses as columns that pandas keeps exactly:
numbers without nulls beside their nulls, instants as integers, and what nests deeper as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyspark.sql.functions as F
from pyspark.sql import Column
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DecimalType,
    LongType,
    MapType,
    NumericType,
    StructField,
    StructType,
    TimestampType,
    UserDefinedType,
)

from sparkml_sm.inference.kinds import Reader, arrow_type, reader

__all__ = ["answer_frame", "carried", "restored"]

_JSON = {
    "ignoreNullFields": "false",
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}


def carried(column: Column, field: StructField) -> list[Column]:
    """Return the columns as which a column of this type crosses, in the order of `restored`."""
    kind = field.dataType
    nulls = [column.isNull()] if field.nullable else []
    if isinstance(kind, UserDefinedType):
        return carried(F.unwrap_udt(column), _of(field, kind.sqlType()))
    if isinstance(kind, StructType):
        leaves = [carried(column.getField(each.name), _within(each, field)) for each in kind.fields]
        return [*nulls, *(leaf for each in leaves for leaf in each)]
    if isinstance(kind, TimestampType):
        return carried(F.unix_micros(column), _of(field, LongType()))
    if _is_number(kind):
        return [F.coalesce(column, F.lit(0).cast(kind)), *nulls] if nulls else [column]
    if isinstance(kind, ArrayType) and _is_number(kind.elementType):
        return _numbers(column, kind)
    if isinstance(kind, (ArrayType, MapType)):
        return [_as_json(column)]
    return [column]


def restored(columns: Iterator[Any], field: StructField) -> pa.Array:
    """Return the column that crossed as the next ones of `columns`, pandas' series."""
    kind, expected = field.dataType, arrow_type(field.dataType)
    if isinstance(kind, UserDefinedType):
        return restored(columns, _of(field, kind.sqlType()))
    if isinstance(kind, StructType):
        nulls = pa.array(next(columns).to_numpy(np.bool_)) if field.nullable else None
        children = [restored(columns, _within(each, field)) for each in kind.fields]
        fields = [pa.field(n, each.type) for n, each in zip(kind.names, children, strict=True)]
        return pa.StructArray.from_arrays(children, fields=fields, mask=nulls)
    if isinstance(kind, TimestampType) or _is_number(kind):
        numbers = next(columns).to_numpy()
        mask = next(columns).to_numpy(np.bool_) if field.nullable else None
        array = pa.array(numbers, mask=mask, from_pandas=False)
        return array if array.type == expected else array.cast(expected)
    if isinstance(kind, ArrayType) and _is_number(kind.elementType):
        lists = pa.array(next(columns), expected, from_pandas=False)
        if not kind.containsNull:
            return lists
        return _with_nulls(lists, next(columns), reader(kind, spark=True))
    if isinstance(kind, (ArrayType, MapType)):
        read = reader(kind, spark=True)
        return pa.array([_of_json(text, read) for text in next(columns)], expected)
    return pa.array(next(columns), expected, from_pandas=True)


def answer_frame(names: list[str], columns: list[pa.Array]) -> Any:
    """Return answers as a data frame that Spark turns back to Arrow as they are."""
    import pandas as pd

    class AsArrow(pd.arrays.ArrowExtensionArray):  # type: ignore[misc]
        """Arrow's values as pandas holds them."""

        def map(self, mapper: Any, na_action: Any = None) -> Any:  # noqa: ARG002
            """Keep the values, which Spark maps one by one to what Arrow makes of them."""
            return self

    return pd.DataFrame(
        {n: pd.Series(AsArrow(each)) for n, each in zip(names, columns, strict=True)}, copy=False
    )


def _numbers(column: Column, kind: ArrayType) -> list[Column]:
    if not kind.containsNull:
        return [column]
    # array_contains is null where there are nulls and not the number; it is ten times as fast as a
    # function of each element, such as exists.
    rare = F.array_contains(column, F.lit(-113).cast(kind.elementType))
    nulls = F.when(rare, F.exists(column, lambda each: each.isNull())).otherwise(
        rare.isNull() & column.isNotNull()
    )
    return [F.when(~nulls, column), F.when(nulls, _as_json(column))]


def _with_nulls(lists: pa.ListArray, texts: Any, read: Reader) -> pa.ListArray:
    """Put in the lists that hold nulls, which came as JSON."""
    held = texts.notna().to_numpy()
    if not held.any():
        return lists
    rows = lists.to_pylist()
    for row in np.flatnonzero(held):
        rows[row] = _of_json(texts.iloc[row], read)
    return pa.array(rows, lists.type, from_pandas=False)


def _as_json(column: Column) -> Column:
    return F.to_json(F.struct(column.alias("v")), _JSON)


def _of_json(text: str, read: Reader) -> Any:
    return read(json.loads(text, parse_float=Decimal)["v"])


def _is_number(kind: DataType) -> bool:
    return isinstance(kind, NumericType) and not isinstance(kind, DecimalType)


def _of(field: StructField, kind: DataType) -> StructField:
    return StructField(field.name, kind, field.nullable)


def _within(child: StructField, parent: StructField) -> StructField:
    return StructField(child.name, child.dataType, child.nullable or parent.nullable)
