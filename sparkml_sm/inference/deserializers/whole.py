"""Answers that are one thing: a numpy array for all rows, or a text or bytes for one."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from pyspark.sql.types import BinaryType, StringType, StructField, StructType

from sparkml_sm.errors import InferenceError
from sparkml_sm.inference.deserializers.arrays import holds_many, spans
from sparkml_sm.inference.deserializers.base import ResponseRowDeserializer

__all__ = [
    "BinaryResponseRowDeserializer",
    "NPYResponseRowDeserializer",
    "TextResponseRowDeserializer",
]

_ITEM_BYTES, _SIZE = 8, 256


class NPYResponseRowDeserializer(ResponseRowDeserializer):
    """Reads answers that are one numpy array, of shape (rows,) or (rows, numbers).

    Parameters
    ----------
    schema : StructType
        The columns that `transform` appends, in the order of the numbers of a row. One of them may
        be a vector: it takes all numbers that the others leave.
    """

    accept = "application/x-npy"

    def __init__(self, schema: StructType) -> None:
        self.schema = schema
        self.bytesPerRow = _ITEM_BYTES * sum(
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
