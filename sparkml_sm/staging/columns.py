"""Which columns of a DataFrame carry label, weight and features, and how they cross to Python.

Whatever the user has (a vector column, an array column, a list of numeric columns), features cross
as the parts of a vector: size, indices, values. Nothing is converted row by row.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import pyspark.sql.functions as F
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import Column, DataFrame
from pyspark.sql.types import ArrayType, DataType, DoubleType, NumericType, StructType

from sparkml_sm.errors import InvalidDataError

__all__ = [
    "RowColumns",
    "column_type",
    "feature_parts",
    "features_column",
    "row_columns",
    "vector_width",
]

_DENSE_TYPE = 1  # in the `type` field of an unwrapped vector
_DENSE = -1  # in the `size` of `feature_parts`

Features = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class RowColumns:
    """The columns of one staging, checked against the DataFrame's schema.

    Attributes
    ----------
    label, weight : str or None
        None where the rows carry none.
    features : str or tuple of str
        A vector or array column, or numeric columns in the features' order.
    width : int or None
        Number of features where the schema tells it.
    """

    label: str | None
    weight: str | None
    features: str | tuple[str, ...]
    width: int | None

    def select(self, dataset: DataFrame) -> DataFrame:
        """Return `label`, `weight` (where there are any) and the features' parts, for Arrow."""
        columns = feature_parts(dataset.schema, self.features)
        for name, source in (("weight", self.weight), ("label", self.label)):
            if source is not None:
                columns.insert(0, _column(source).cast("double").alias(name))
        return dataset.select(*columns)


def row_columns(
    schema: StructType, labelCol: str | None, featuresCol: Features, weightCol: str | None
) -> RowColumns:
    """Check the columns that a staging reads.

    Parameters
    ----------
    schema : StructType
        Of the DataFrame.
    labelCol, weightCol : str or None
        Numeric columns, or None.
    featuresCol : str or list of str
        One vector or array column, or numeric columns.

    Returns
    -------
    RowColumns

    Raises
    ------
    InvalidDataError
        If a column is missing (near matches are named) or has a type that cannot be used.
    """
    for role, name in (("label", labelCol), ("weight", weightCol)):
        if name is not None:
            _check_number(schema, name, role)
    features = featuresCol if isinstance(featuresCol, str) else tuple(featuresCol)
    if not features:
        raise InvalidDataError(
            "featuresCol names no column: name one vector column or numeric columns"
        )
    _check_features(schema, features)
    return RowColumns(labelCol, weightCol, features, vector_width(schema, features))


def column_type(schema: StructType, name: str) -> DataType:
    """Return the type of column `name`, or raise `InvalidDataError` with near matches."""
    if name not in schema.names:
        near = difflib.get_close_matches(name, schema.names, n=3, cutoff=0.5)
        ignoring_case = [each for each in schema.names if each.lower() == name.lower()]
        found = ", ".join(repr(each) for each in (ignoring_case or near or schema.names))
        hint = f"did you mean {found}?" if ignoring_case or near else f"there are {found}"
        raise InvalidDataError(f"column {name!r} does not exist: {hint}")
    return schema[name].dataType


def _check_number(schema: StructType, name: str, role: str) -> None:
    found = column_type(schema, name)
    if not isinstance(found, NumericType):
        raise InvalidDataError(
            f"{role} column {name!r} is {found.simpleString()}, not a number: cast it to double, "
            "or number its values with StringIndexer"
        )


def vector_width(schema: StructType, features: Features) -> int | None:
    """Return the number of features where the schema tells it, else None.

    Spark ML's own stages (HashingTF, VectorAssembler) write it into the column's metadata.
    """
    if not isinstance(features, str):
        return len(features)
    attributes = schema[features].metadata.get("ml_attr", {}) if features in schema.names else {}
    width = attributes.get("num_attrs")
    return width if isinstance(width, int) and width > 0 else None


def features_column(schema: StructType, features: Features) -> Column:
    """Return the features of each row as one struct of the columns of `feature_parts`."""
    return F.struct(*feature_parts(schema, features))


def feature_parts(schema: StructType, features: Features) -> list[Column]:
    """Return the features of each row as columns `size`, `indices` and `values`.

    Parameters
    ----------
    schema : StructType
        Of the DataFrame.
    features : str or sequence of str
        A vector column, an array column, or numeric columns.

    Returns
    -------
    list of Column
        `size` is -1 for a dense row, and null where the row's vector or array is null. A struct of
        them would cost Spark's Arrow writer a tenth of the transfer.

    Raises
    ------
    InvalidDataError
        If a column is missing or is of another type.
    """
    _check_features(schema, features)
    if not isinstance(features, str):
        return _dense(F.array(*[_column(name).cast("double") for name in features]))
    found = column_type(schema, features)
    if isinstance(found, VectorUDT):
        return _unwrapped(_column(features))
    values = _column(features)
    same = isinstance(found, ArrayType) and isinstance(found.elementType, DoubleType)
    return _dense(values if same else values.cast("array<double>"))


def _check_features(schema: StructType, features: Features) -> None:
    if not isinstance(features, str):
        for name in features:
            _check_number(schema, name, "feature")
        return
    found = column_type(schema, features)
    numbers = isinstance(found, ArrayType) and isinstance(found.elementType, NumericType)
    if numbers or isinstance(found, VectorUDT):
        return
    if found.simpleString() == "vector":
        raise InvalidDataError(
            f"features column {features!r} holds pyspark.mllib vectors: convert it with "
            f"pyspark.mllib.util.MLUtils.convertVectorColumnsToML(df, {features!r})"
        )
    if isinstance(found, NumericType):
        raise InvalidDataError(
            f"features column {features!r} is {found.simpleString()}, one number a row: pass a "
            f"list, featuresCol=[{features!r}], or assemble a vector with VectorAssembler"
        )
    raise InvalidDataError(
        f"features column {features!r} is {found.simpleString()}: features are a vector column, "
        "an array of numbers, or a list of numeric columns; see VectorAssembler, HashingTF and "
        "StringIndexer"
    )


def _column(name: str) -> Column:
    # Backquotes, so that a dot is part of the name and not a field of a struct.
    return F.col("`" + name.replace("`", "``") + "`")


def _unwrapped(vector: Column) -> list[Column]:
    parts = F.unwrap_udt(vector)
    # Null lists make Spark 4's Arrow batcher quadratic: a dense vector's indices are null, so they
    # are made empty. A cast of the whole struct would copy every element.
    return [
        F.when(parts["type"] == _DENSE_TYPE, F.lit(_DENSE)).otherwise(parts["size"]).alias("size"),
        F.coalesce(parts["indices"], F.array().cast("array<int>")).alias("indices"),
        F.coalesce(parts["values"], F.array().cast("array<double>")).alias("values"),
    ]


def _dense(values: Column) -> list[Column]:
    return [
        F.when(values.isNotNull(), F.lit(_DENSE)).alias("size"),
        F.array().cast("array<int>").alias("indices"),
        F.coalesce(values, F.array().cast("array<double>")).alias("values"),
    ]
