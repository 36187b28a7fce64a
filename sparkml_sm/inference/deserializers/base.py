"""What every response deserializer is, the built-in ones and those of users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql.types import StructType

from sparkml_sm.errors import ConfigurationError, InferenceError, InvalidDataError
from sparkml_sm.inference.deserializers.arrays import arrow_column
from sparkml_sm.inference.values import ByValue

__all__ = ["ResponseRowDeserializer", "answered", "positive", "room"]


class ResponseRowDeserializer(ByValue):
    r"""The base of all response deserializers: derive from it to read answers of your own format.

    A subclass sets `accept` and `schema` and defines `decode`. The declared types count: a column
    of vectors gives vectors, also where each has one number.

    Objects travel to Spark's tasks by value, also those of a class that a notebook defines. Every
    argument of the constructor is kept as an attribute of the same name; an attribute is set once.

    Attributes
    ----------
    accept : str
        The media type asked for, sent as ``Accept``.
    schema : StructType
        The columns that `transform` appends. Their types are vector, or any that Arrow and Spark
        share.
    bytesPerRow : int, default 64
        How long the answer to one row may be, so that no request asks for more than the 6 MB of an
        endpoint's answer.
    rowsPerRequest : int or None
        The most rows of a request, 1 where a whole answer is that of one row. Default: as many as
        fit.

    Examples
    --------
    An answer of one number a line:

    >>> from pyspark.sql.types import DoubleType, StructField, StructType
    >>> class LineDeserializer(ResponseRowDeserializer):
    ...     accept = "text/plain"
    ...
    ...     def __init__(self, columnName="score"):
    ...         self.columnName = columnName
    ...         self.schema = StructType([StructField(columnName, DoubleType())])
    ...
    ...     def decode(self, body, rows):
    ...         return [[float(line) for line in body.split()]]
    >>> LineDeserializer().columns(b"0.5\n1.5\n", 2)[0].to_pylist()
    [0.5, 1.5]
    """

    accept: str = "text/csv"
    schema: StructType
    bytesPerRow: int = 64
    rowsPerRequest: int | None = None

    def decode(self, body: bytes, rows: int) -> Sequence[Any]:
        """Return the columns of `schema` for the rows of one request.

        Parameters
        ----------
        body : bytes
            The answer.
        rows : int
            How many rows were sent.

        Returns
        -------
        list of columns
            One a field of `schema`, each of `rows` values: an Arrow array, a list, or a numpy
            array; vectors are lists of numbers, or a matrix of shape (rows, size).

        Raises
        ------
        InferenceError
            If the answer does not hold exactly `rows` rows.
        """
        raise NotImplementedError(f"{type(self).__name__} must define decode(body, rows)")

    def columns(self, body: bytes, rows: int) -> list[pa.Array]:
        """Return what `decode` returns, as Arrow arrays of the declared types, counted.

        Raises
        ------
        InferenceError
            If there is another number of columns or rows, or a value is of another type.
        """
        found = self.decode(body, rows)
        fields = self.schema.fields
        if not isinstance(found, (list, tuple, np.ndarray)):
            raise InferenceError(
                f"{type(self).__name__}.decode gave {type(found).__name__}: it must return a list "
                "of columns"
            )
        if len(found) != len(fields):
            raise InferenceError(
                f"{type(self).__name__}.decode gave {len(found)} columns and its schema has "
                f"{len(fields)}: they must be the same"
            )
        columns = [
            arrow_column(values, field.dataType, field.name)
            for values, field in zip(found, fields, strict=True)
        ]
        for column in columns:
            if len(column) != rows:
                raise InferenceError(
                    f"{rows} rows were sent and {len(column)} answers came back: answers cannot be "
                    "tied to rows; see the endpoint's log and the response deserializer"
                )
        return columns


@contextmanager
def answered() -> Iterator[None]:
    """Say of data that cannot be read that it is an endpoint's answer."""
    try:
        yield
    except InvalidDataError as error:
        raise InferenceError(f"the endpoint's answer cannot be read: {error}") from error


def positive(number: Any, name: str) -> int:
    """Return a number of bytes or rows.

    Raises
    ------
    ConfigurationError
        If it is not an integer above 0.
    """
    if isinstance(number, bool) or not isinstance(number, Integral) or number < 1:
        raise ConfigurationError(
            f"{name} of the response deserializer is {number!r}: it must be an integer above 0"
        )
    return int(number)


def room(bytesPerRow: int | None) -> int | None:
    """Return the room that a user asks for; None where the deserializer has to guess.

    Raises
    ------
    ConfigurationError
        If it is not an integer above 0.
    """
    return None if bytesPerRow is None else positive(bytesPerRow, "bytesPerRow")
