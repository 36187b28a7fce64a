"""Answers in JSON and JSON Lines."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from pyspark.sql.types import StructType

from sparkml_sm.errors import ConfigurationError, InferenceError
from sparkml_sm.formats.json import parsed
from sparkml_sm.formats.text import split_lines
from sparkml_sm.inference.deserializers.arrays import holds_infinity, holds_many
from sparkml_sm.inference.deserializers.base import ResponseRowDeserializer, answered, room

__all__ = ["JSONLinesResponseRowDeserializer", "JSONResponseRowDeserializer"]

# The text of one number with its comma, and the numbers that a list has room for.
_DIGITS, _SIZE = 24, 64


class _ObjectsDeserializer(ResponseRowDeserializer):
    """Reads an object a row."""

    _lines = False

    def __init__(
        self,
        schema: StructType,
        keys: Sequence[str] | None = None,
        *,
        bytesPerRow: int | None = None,
    ) -> None:
        if keys is not None and len(keys) != len(schema.names):
            raise ConfigurationError(
                f"keys names {len(keys)} keys and the schema has {len(schema.names)} columns: "
                "name one for each"
            )
        self.schema = schema
        self.keys = None if keys is None else tuple(keys)
        self.bytesPerRow = room(bytesPerRow) or sum(
            len(key) + _DIGITS * (_SIZE if holds_many(field.dataType) else 1)
            for key, field in zip(self._keys, schema.fields, strict=True)
        )

    @property
    def _keys(self) -> Sequence[str]:
        return self.schema.names if self.keys is None else self.keys

    def columns(self, body: bytes, rows: int) -> list[pa.Array]:
        """Return what `decode` returns; a number too large for 64 bits is refused."""
        columns = super().columns(body, rows)
        # `json` reads 1e400 as it reads the word Infinity: where there is one, look at the text.
        if any(map(holds_infinity, columns)):
            for document in split_lines(body) if self._lines else [body]:
                json.loads(bytes(document), parse_float=_finite)
        return columns

    def _columns(self, items: list[Any], rows: int) -> list[list[Any]]:
        """Read the values of each column; where there is one, items may be its values.

        Objects are looked at one by one: `json` has made them so.
        """
        if len(items) != rows:
            raise InferenceError(
                f"the endpoint was sent {rows} rows and answered {len(items)}: the answers cannot "
                "be tied to the rows"
            )
        if len(self._keys) == 1 and not any(isinstance(item, dict) for item in items):
            return [items]
        for place, item in enumerate(items):
            missing = [key for key in self._keys if not isinstance(item, dict) or key not in item]
            if missing:
                found = ", ".join(map(repr, item)) if isinstance(item, dict) else "no object"
                raise InferenceError(
                    f"answer {place} of the endpoint has no {missing[0]!r}, found {found}: name "
                    "the keys of the response deserializer's columns"
                )
        return [[item[key] for item in items] for key in self._keys]


class JSONResponseRowDeserializer(_ObjectsDeserializer):
    """Reads answers in JSON: a list with an object a row, ``{"predictions":[{"score":0.5},...]}``.

    Parameters
    ----------
    schema : StructType
        The columns that `transform` appends, of any types; a vector is a list of numbers, dates
        and times are ISO text (a TimestampType with its zone), a decimal is a number or a text.
    path : str, default "predictions"
        Where the list is, with a dot between names; empty where the answer itself is the list.
    keys : list of str, optional
        The key of each column. Default: the columns' names. Where there is one column, the list may
        hold its values instead of objects.
    bytesPerRow : int, optional
        How long the answer to one row may be, see `ResponseRowDeserializer`. Default: a guess by
        the schema.

    Raises
    ------
    ConfigurationError
        If there is another number of keys than of columns.

    Examples
    --------
    >>> from pyspark.sql.types import DoubleType, StructField, StructType
    >>> schema = StructType([StructField("risk", DoubleType())])
    >>> deserializer = JSONResponseRowDeserializer(schema, keys=["score"])
    >>> deserializer.columns(b'{"predictions":[{"score":0.5},{"score":1}]}', 2)[0].to_pylist()
    [0.5, 1.0]
    """

    accept = "application/json"

    def __init__(
        self,
        schema: StructType,
        path: str = "predictions",
        keys: Sequence[str] | None = None,
        *,
        bytesPerRow: int | None = None,
    ) -> None:
        super().__init__(schema, keys, bytesPerRow=bytesPerRow)
        self.path = path

    def decode(self, body: bytes, rows: int) -> list[list[Any]]:
        """Return the values of each column."""
        with answered():
            found = parsed(body, "the body")
        for name in self.path.split(".") if self.path else ():
            if not isinstance(found, dict) or name not in found:
                raise InferenceError(
                    f"the endpoint's answer has no {name!r}: name where the list of answers is, "
                    "path= of the response deserializer"
                )
            found = found[name]
        if not isinstance(found, list):
            raise InferenceError(
                f"the endpoint's answer has no list at {self.path!r}: name where it is, path= of "
                "the response deserializer"
            )
        return self._columns(found, rows)


class JSONLinesResponseRowDeserializer(_ObjectsDeserializer):
    """Reads answers in JSON Lines: an object a line, ``{"score":0.5}``.

    Parameters
    ----------
    schema : StructType
        The columns that `transform` appends, of any types; a vector is a list of numbers, dates
        and times are ISO text (a TimestampType with its zone), a decimal is a number or a text.
    keys : list of str, optional
        The key of each column. Default: the columns' names. Where there is one column, the lines
        may hold its values instead of objects.
    bytesPerRow : int, optional
        How long the answer to one row may be, see `ResponseRowDeserializer`. Default: a guess by
        the schema.

    Raises
    ------
    ConfigurationError
        If there is another number of keys than of columns.
    """

    accept = "application/jsonlines"
    _lines = True

    def decode(self, body: bytes, rows: int) -> list[list[Any]]:
        """Return the values of each column."""
        with answered():
            items = [parsed(line, f"line {place}") for place, line in enumerate(split_lines(body))]
        return self._columns(items, rows)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise InferenceError(
            "a number of the endpoint's answer is too large for 64 bits: answer Infinity where "
            "infinity is meant, or text"
        )
    return number
