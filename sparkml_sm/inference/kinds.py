"""Spark's types as Arrow's, and values of JSON or of a user's code as values of a declared type."""

from __future__ import annotations

import base64
import datetime
import inspect
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from numbers import Integral, Real
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.ml.linalg import VectorUDT
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    StructType,
    TimestampNTZType,
    TimestampType,
    UserDefinedType,
)

from sparkml_sm.errors import ConfigurationError

__all__ = ["Reader", "arrow_type", "plain_type", "reader"]

Reader = Callable[[Any], Any]

_ZONED = "timezone" in inspect.signature(to_arrow_type).parameters  # Spark 4.1 and newer
# From here on a number is rounded to infinity as a 32-bit float.
_BEYOND_SINGLE = 2.0**128 - 2.0**103


def plain_type(kind: DataType) -> DataType:
    """Return the type in which values of `kind` cross to Spark: a vector as a list of doubles."""
    return ArrayType(DoubleType(), containsNull=False) if isinstance(kind, VectorUDT) else kind


def arrow_type(kind: DataType) -> pa.DataType:
    """Return the type of Arrow in which values of `kind` cross; instants are in UTC.

    Raises
    ------
    ConfigurationError
        If Arrow and Spark share no such type.
    """
    zone: dict[str, Any] = {"timezone": "UTC"} if _ZONED else {}
    try:
        return to_arrow_type(plain_type(kind), **zone)
    except PySparkException as error:
        raise ConfigurationError(
            f"values of the type {kind.simpleString()} cannot cross between Spark and Python: use "
            "numbers, text, dates, or lists, maps and structs of them"
        ) from error


@lru_cache(maxsize=64)
def reader(kind: DataType, *, spark: bool = False) -> Reader:
    """Return the function that makes a value of `kind` of one that `json` or a user gives.

    Dates and times are read from ISO text, decimals from numbers and text. What does not fit is a
    `TypeError` or a `ValueError`: a boolean is no number, 1.5 no integer, 1e300 no 32-bit float.

    Parameters
    ----------
    kind : DataType
    spark : bool, default False
        Whether Spark's `to_json` wrote the value: NaN and infinities as text, bytes in base64.
    """
    read = _nested(kind, spark) or _scalar(kind, spark)
    return lambda value: None if value is None else read(value)


def _nested(kind: DataType, spark: bool) -> Reader | None:
    if isinstance(kind, UserDefinedType):
        return _nested(kind.sqlType(), spark)
    if isinstance(kind, ArrayType):
        item = reader(kind.elementType, spark=spark)
        return lambda values: [item(each) for each in _sequence(values)]
    if isinstance(kind, MapType):
        key, value = reader(kind.keyType, spark=spark), reader(kind.valueType, spark=spark)
        if spark and isinstance(kind.keyType, (IntegralType, FloatType, DoubleType)):
            key = int if isinstance(kind.keyType, IntegralType) else float
        return lambda pairs: [(key(each), value(other)) for each, other in _pairs(pairs)]
    if isinstance(kind, StructType):
        fields = {each.name: reader(each.dataType, spark=spark) for each in kind.fields}
        return lambda row: _struct(row, fields)
    return None


def _scalar(kind: DataType, spark: bool) -> Reader:
    if isinstance(kind, (FloatType, DoubleType)):
        single = isinstance(kind, FloatType)
        return lambda number: _float(float(number) if spark else number, single)
    if isinstance(kind, IntegralType):
        return _integer
    if isinstance(kind, BinaryType) and spark:
        return base64.b64decode
    table: dict[type[DataType], Reader] = {
        DateType: lambda day: datetime.date.fromisoformat(day) if _is_text(day) else day,
        TimestampType: lambda time: _time(time, True) if _is_text(time) else time,
        TimestampNTZType: lambda time: _time(time, False) if _is_text(time) else time,
        DecimalType: _decimal,
    }
    return table.get(type(kind), lambda value: value)


def _sequence(values: Any) -> Any:
    if isinstance(values, (str, bytes, Mapping)):
        raise TypeError("no list")
    return values


def _pairs(pairs: Any) -> Any:
    return pairs.items() if isinstance(pairs, Mapping) else pairs


def _struct(row: Any, fields: dict[str, Reader]) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        row = row.asDict() if hasattr(row, "asDict") else dict(zip(fields, row, strict=True))
    return {name: read(row.get(name)) for name, read in fields.items()}


def _refuse_other(value: Any) -> None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, Decimal)):
        raise TypeError("no number")


def _float(number: Any, single: bool) -> float:
    _refuse_other(number)
    found = float(number)
    if isinstance(number, Integral) and int(found) != number:
        raise ValueError("an integer that a float cannot hold")
    if single and _BEYOND_SINGLE <= abs(found) < np.inf:
        raise ValueError("beyond 32-bit floats")
    return found


def _integer(number: Any) -> int:
    _refuse_other(number)
    found = int(number)
    if found != number:
        raise ValueError("no integer")
    return found


def _decimal(number: Any) -> Decimal:
    if isinstance(number, bool):
        raise TypeError("no number")
    try:
        found = number if isinstance(number, Decimal) else Decimal(str(number))
    except ArithmeticError as error:
        raise ValueError("no decimal") from error
    if not found.is_finite():
        raise ValueError("no decimal")
    return found


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _time(text: str, zoned: bool) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(text)
    if (found.tzinfo is not None) != zoned:
        raise ValueError("an instant has a zone, a local time has none")
    return found
