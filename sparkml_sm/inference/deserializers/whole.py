"""Answers that are one thing: an array or a file for all rows, or a text or bytes for one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from pyspark.sql.types import BinaryType, StringType, StructField, StructType

from sparkml_sm.errors import ConfigurationError, InferenceError
from sparkml_sm.formats import parquet
from sparkml_sm.inference.deserializers.arrays import holds_many, spans
from sparkml_sm.inference.deserializers.base import ResponseRowDeserializer, answered, room

__all__ = [
    "BinaryResponseRowDeserializer",
    "NPYResponseRowDeserializer",
    "ParquetResponseRowDeserializer",
    "TextResponseRowDeserializer",
]

_ITEM_BYTES, _SIZE = 8, 256
# What a Parquet file tells of each column, which a guess by rows has to cover.
_PARQUET_BYTES = 16


class NPYResponseRowDeserializer(ResponseRowDeserializer):
    """Reads answers that are one numpy array, of shape (rows,) or (rows, numbers).

    Parameters
    ----------
    schema : StructType
        The columns that `transform` appends, in the order of the numbers of a row. One of them may
        be a vector: it takes all numbers that the others leave.
    bytesPerRow : int, optional
        How long the answer to one row may be, see `ResponseRowDeserializer`. Default: a guess by
        the schema.
    """

    accept = "application/x-npy"

    def __init__(self, schema: StructType, *, bytesPerRow: int | None = None) -> None:
        self.schema = schema
        self.bytesPerRow = room(bytesPerRow) or _ITEM_BYTES * sum(
            _SIZE if holds_many(field.dataType) else 1 for field in schema.fields
        )

    def decode(self, body: bytes, rows: int) -> list[Any]:
        """Return the columns of the array; nothing in it is run."""
        try:
            array = np.load(io.BytesIO(body), allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise InferenceError(
                "the endpoint's answer is not a numpy array of numbers: check its Accept and the "
                "response deserializer"
            ) from error
        if not isinstance(array, np.ndarray) or not array.ndim or len(array) != rows:
            shape = getattr(array, "shape", "no shape")
            raise InferenceError(
                f"the endpoint was sent {rows} rows and answered an array of {shape}: the answers "
                "cannot be tied to the rows"
            )
        matrix = array.reshape(rows, -1)
        return [matrix[:, place] for place in spans(self.schema, matrix.shape[1])]


class ParquetResponseRowDeserializer(ResponseRowDeserializer):
    """Reads answers that are one Parquet file, a row a row that was sent.

    Parameters
    ----------
    schema : StructType
        The columns that `transform` appends; a vector is a column of lists of numbers.
    columnNames : list of str, optional
        The file's name of each column. Default: the columns' own names.
    bytesPerRow : int, optional
        How long the answer to one row may be, see `ResponseRowDeserializer`. Default: a guess by
        the schema.

    Raises
    ------
    ConfigurationError
        If there is another number of names than of columns.
    """

    accept = "application/x-parquet"

    def __init__(
        self,
        schema: StructType,
        columnNames: Sequence[str] | None = None,
        *,
        bytesPerRow: int | None = None,
    ) -> None:
        if columnNames is not None and len(columnNames) != len(schema.names):
            raise ConfigurationError(
                f"columnNames has {len(columnNames)} names and the schema has "
                f"{len(schema.names)} columns: name one for each"
            )
        self.schema = schema
        self.columnNames = None if columnNames is None else tuple(columnNames)
        self.bytesPerRow = room(bytesPerRow) or sum(
            _PARQUET_BYTES + _ITEM_BYTES * (_SIZE if holds_many(field.dataType) else 1)
            for field in schema.fields
        )

    def decode(self, body: bytes, rows: int) -> list[Any]:  # noqa: ARG002 (columns are counted)
        """Return the columns of the file."""
        names = self.schema.names if self.columnNames is None else self.columnNames
        with answered():
            table = parquet.read_table(body)
        for name in names:
            if table.column_names.count(name) != 1:
                found = ", ".join(map(repr, table.column_names))
                raise InferenceError(
                    f"the endpoint's answer has not one column {name!r}, found {found}: name the "
                    "file's columns, columnNames= of the response deserializer"
                )
        return [table.column(name) for name in names]


class TextResponseRowDeserializer(ResponseRowDeserializer):
    """Takes a whole answer, in UTF-8, as the text for one row.

    Parameters
    ----------
    answer_column_name : str, default "answer"
        The column that `transform` appends.
    accept : str, default "text/plain"
        The media type asked for.
    """

    rowsPerRequest = 1

    def __init__(self, answer_column_name: str = "answer", accept: str = "text/plain") -> None:
        self.answer_column_name = answer_column_name
        self.accept = accept
        self.schema = StructType([StructField(answer_column_name, StringType())])

    def decode(self, body: bytes, rows: int) -> list[list[str]]:  # noqa: ARG002 (always one)
        """Return the text."""
        try:
            return [[body.decode()]]
        except UnicodeDecodeError as error:
            raise InferenceError(
                "the endpoint's answer is not text in UTF-8: use BinaryResponseRowDeserializer"
            ) from error


class BinaryResponseRowDeserializer(ResponseRowDeserializer):
    """Takes a whole answer as the bytes for one row.

    Parameters
    ----------
    answer_column_name : str, default "answer"
        The column that `transform` appends.
    accept : str, default "application/octet-stream"
        The media type asked for.
    """

    rowsPerRequest = 1

    def __init__(
        self, answer_column_name: str = "answer", accept: str = "application/octet-stream"
    ) -> None:
        self.answer_column_name = answer_column_name
        self.accept = accept
        self.schema = StructType([StructField(answer_column_name, BinaryType())])

    def decode(self, body: bytes, rows: int) -> list[list[bytes]]:  # noqa: ARG002 (always one)
        """Return the bytes."""
        return [[body]]
