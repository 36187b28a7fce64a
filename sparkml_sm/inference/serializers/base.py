"""What every request serializer is, the built-in ones and those of users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import pyarrow as pa
import pyspark.sql.functions as F
from pyspark.sql import Column
from pyspark.sql.types import StructType

from sparkml_sm.formats.arrow import Where
from sparkml_sm.inference.values import ByValue

__all__ = ["RequestRowSerializer", "named"]


class RequestRowSerializer(ByValue):
    r"""The base of all request serializers: derive from it to send rows in a format of your own.

    A subclass sets `contentType` and defines `column` and `encode`. What it does not declare
    otherwise: rows are put one behind the other, as many in a request as fit.

    Objects travel to Spark's tasks by value, also those of a class that a notebook defines. Every
    argument of the constructor is kept as an attribute of the same name; an attribute is set once.

    Attributes
    ----------
    contentType : str
        The media type of a body, sent as ``Content-Type``.
    prefix, separator, suffix : bytes
        What stands before, between and behind the rows of a body; nothing by default.
    rowsPerRequest : int or None
        The most rows of a request, 1 for a format that holds one. Default: as many as fit.

    Examples
    --------
    Rows of tab-separated numbers:

    >>> import pyarrow as pa
    >>> import pyspark.sql.functions as F
    >>> class TabSerializer(RequestRowSerializer):
    ...     contentType = "text/tab-separated-values"
    ...     separator = b"\n"
    ...
    ...     def __init__(self, columnNames):
    ...         self.columnNames = columnNames
    ...
    ...     def column(self, schema):
    ...         return F.concat_ws("\t", *[F.col(name) for name in self.columnNames])
    ...
    ...     def encode(self, batch, where):
    ...         return batch.cast(pa.binary())
    >>> serializer = TabSerializer(["age", "income"])
    >>> serializer
    TabSerializer(columnNames=['age', 'income'])
    >>> serializer.encode(pa.array(["31\t2.5"]), None)[0].as_py()
    b'31\t2.5'
    """

    contentType: str = "application/octet-stream"
    prefix: bytes = b""
    separator: bytes = b""
    suffix: bytes = b""
    rowsPerRequest: int | None = None

    def setSchema(self, schema: StructType) -> Self:  # noqa: ARG002 (the predecessor's signature)
        """Return this object unchanged: the schema of the DataFrame that is scored counts."""
        return self

    def column(self, schema: StructType) -> Column:
        """Return the one column that crosses to Python; a struct carries several.

        Parameters
        ----------
        schema : StructType
            Of the DataFrame that is scored.

        Raises
        ------
        InvalidDataError
            If the DataFrame has no such column, or not of a type that can be sent.
        """
        raise NotImplementedError(f"{type(self).__name__} must define column(schema)")

    def encode(self, batch: pa.Array, where: Where) -> pa.Array | Sequence[bytes]:
        """Return each row of `batch` as bytes.

        Parameters
        ----------
        batch : pyarrow.Array
            Values of `column`.
        where : Where
            The partition and its first row in this batch; ``where.refuse`` raises for a row that
            cannot be sent.

        Returns
        -------
        array of binary or text, or sequence of bytes
            As long as `batch`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define encode(batch, where)")

    def body(self, rows: bytes, count: int) -> bytes:  # noqa: ARG002 (for formats with a header)
        """Return the body of a request.

        Parameters
        ----------
        rows : bytes
            The encoded rows, with `separator` between them.
        count : int
            How many they are, at least 1.
        """
        return self.prefix + rows + self.suffix if self.prefix or self.suffix else rows

    def overhead(self, rowBytes: int) -> int:  # noqa: ARG002 (for formats with a header)
        """Return the most bytes that `body` adds to rows, the first of which has `rowBytes`."""
        return len(self.prefix) + len(self.suffix)


def named(name: str) -> Column:
    """Return the column of this name; a dot in it is no path."""
    return F.col("`" + name.replace("`", "``") + "`")
