"""Serializers of named columns, text and binary content.

Spark itself writes the JSON and the CSV of named columns, before the rows cross to Python.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyspark.sql.functions as F
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import Column
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DataType,
    MapType,
    StringType,
    StructType,
)

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.arrow import Where
from sparkml_sm.inference.serializers.base import RequestRowSerializer, named
from sparkml_sm.inference.serializers.json_values import json_value
from sparkml_sm.staging.columns import column_type

__all__ = [
    "BinaryRequestRowSerializer",
    "CSVColumnsRequestRowSerializer",
    "JSONColumnsRequestRowSerializer",
    "JSONLinesColumnsRequestRowSerializer",
    "JSONTextRequestRowSerializer",
    "TextRequestRowSerializer",
]

# Every column has its place in each object, and text is not shortened.
_JSON: Mapping[str, str] = {"ignoreNullFields": "false"}
_CSV: Mapping[str, str] = {
    "escape": '"',
    "ignoreLeadingWhiteSpace": "false",
    "ignoreTrailingWhiteSpace": "false",
}


class _ColumnsRequestRowSerializer(RequestRowSerializer):
    """Sends named columns of any types; Spark writes the text of a row."""

    def __init__(self, columnNames: Sequence[str]) -> None:
        if isinstance(columnNames, str) or not columnNames:
            raise InvalidDataError(
                f"columnNames of {type(self).__name__} is a list of columns, got {columnNames!r}"
            )
        self.columnNames = tuple(columnNames)

    def encode(self, batch: pa.Array, where: Where) -> pa.Array:  # noqa: ARG002 (a struct is never null)
        """Return the text of each row."""
        return batch.cast(pa.large_string())


class CSVColumnsRequestRowSerializer(_ColumnsRequestRowSerializer):
    """Sends named columns of mixed types as CSV without a header, ``text/csv``.

    Text is quoted where it must be, a quote in it is doubled, and a null is an empty field.

    Parameters
    ----------
    columnNames : list of str
        Columns of numbers, text, booleans, dates or times, in the order of the fields.
    """

    contentType = "text/csv"
    separator = suffix = b"\n"

    def column(self, schema: StructType) -> Column:
        """Return the row's CSV as text."""
        for name in self.columnNames:
            kind = column_type(schema, name)
            if isinstance(kind, (ArrayType, MapType, StructType, VectorUDT, BinaryType)):
                raise InvalidDataError(
                    f"column {name!r} is {kind.simpleString()}, which is no field of CSV: send "
                    "features with UnlabeledCSVRequestRowSerializer, or JSON"
                )
        return F.to_csv(F.struct(*map(named, self.columnNames)), dict(_CSV))


class JSONLinesColumnsRequestRowSerializer(_ColumnsRequestRowSerializer):
    """Sends named columns of mixed types as JSON Lines, ``application/jsonlines``.

    A row is an object with the columns' names: ``{"age":31,"city":"Paris","features":[1.5,2.0]}``.
    A vector is a list, a null or NaN at any depth is ``null``, and an infinity is an error, for
    JSON has none; dates, times and bytes are written as Spark's `to_json` writes them. A vector
    inside of another value is refused.

    Parameters
    ----------
    columnNames : list of str
        Columns of any types.
    """

    contentType = "application/jsonlines"
    separator = suffix = b"\n"

    def column(self, schema: StructType) -> Column:
        """Return the row's JSON as text."""
        fields = [json_value(name, column_type(schema, name)) for name in self.columnNames]
        return F.to_json(F.struct(*fields), dict(_JSON))


class JSONColumnsRequestRowSerializer(JSONLinesColumnsRequestRowSerializer):
    """Sends named columns of mixed types as JSON, ``application/json``.

    A body is ``{"instances":[{"age":31,"city":"Paris"},...]}``, with an object for each row as
    `JSONLinesColumnsRequestRowSerializer` writes it.

    Parameters
    ----------
    columnNames : list of str
        Columns of any types.
    key : str, default "instances"
        The name of the list in a body.
    """

    contentType = "application/json"
    separator = b","
    suffix = b"]}"

    def __init__(self, columnNames: Sequence[str], key: str = "instances") -> None:
        super().__init__(columnNames)
        self.key = key
        self.prefix = _list_of(key)


class TextRequestRowSerializer(RequestRowSerializer):
    """Sends one text a request, as it is, in UTF-8.

    Parameters
    ----------
    textColumnName : str, default "text"
        A text column.
    contentType : str, default "text/plain"
        For example ``"application/json"`` where the column holds whole bodies.
    """

    rowsPerRequest = 1

    def __init__(self, textColumnName: str = "text", contentType: str = "text/plain") -> None:
        self.textColumnName = textColumnName
        self.contentType = contentType

    def column(self, schema: StructType) -> Column:
        """Return the text column."""
        return _typed(schema, self.textColumnName, StringType())

    def encode(self, batch: pa.Array, where: Where) -> pa.Array:
        """Return each text in UTF-8."""
        return _filled(batch, self.textColumnName, where).cast(pa.large_string())


class JSONTextRequestRowSerializer(RequestRowSerializer):
    """Sends texts as JSON, ``{"instances":["first","second",...]}``, ``application/json``.

    Parameters
    ----------
    textColumnName : str, default "text"
        A text column.
    key : str, default "instances"
        The name of the list in a body, for example ``"inputs"`` for Hugging Face's containers.
    """

    contentType = "application/json"
    separator = b","
    suffix = b"]}"

    def __init__(self, textColumnName: str = "text", key: str = "instances") -> None:
        self.textColumnName = textColumnName
        self.key = key
        self.prefix = _list_of(key)

    def column(self, schema: StructType) -> Column:
        """Return the text as a JSON string."""
        text = _typed(schema, self.textColumnName, StringType())
        listed = F.to_json(F.array(text))
        # Without the brackets; null where the text is.
        return F.when(text.isNotNull(), listed.substr(F.lit(2), F.length(listed) - 2))

    def encode(self, batch: pa.Array, where: Where) -> pa.Array:
        """Return each text as a JSON string."""
        return _filled(batch, self.textColumnName, where).cast(pa.large_string())


class BinaryRequestRowSerializer(RequestRowSerializer):
    """Sends one binary content a request, as it is: an image, a sound, a document.

    Parameters
    ----------
    contentColumnName : str, default "content"
        A binary column, such as that of ``spark.read.format("binaryFile")``.
    contentType : str, default "application/x-image"
        The media type of the content.
    """

    rowsPerRequest = 1

    def __init__(
        self, contentColumnName: str = "content", contentType: str = "application/x-image"
    ) -> None:
        self.contentColumnName = contentColumnName
        self.contentType = contentType

    def column(self, schema: StructType) -> Column:
        """Return the binary column."""
        return _typed(schema, self.contentColumnName, BinaryType())

    def encode(self, batch: pa.Array, where: Where) -> pa.Array:
        """Return each content."""
        return _filled(batch, self.contentColumnName, where)


def _list_of(key: str) -> bytes:
    return b"{" + json.dumps(key).encode() + b":["


def _typed(schema: StructType, name: str, expected: DataType) -> Column:
    found = column_type(schema, name)
    if type(found) is not type(expected):
        raise InvalidDataError(
            f"column {name!r} is {found.simpleString()} and {expected.simpleString()} is sent: "
            "cast it, or name another column"
        )
    return named(name)


def _filled(batch: pa.Array, name: str, where: Where) -> pa.Array:
    """Refuse a null."""
    nulls = batch.is_null().to_numpy(zero_copy_only=False)
    where.refuse(name, nulls, "the value is null", "drop or fill such rows before")
    return batch
