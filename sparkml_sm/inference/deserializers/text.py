"""Answers in lines of text: CSV and LIBSVM."""

from __future__ import annotations

import csv as stdlib_csv
import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from pyspark.ml.linalg import VectorUDT
from pyspark.sql.types import (
    DataType,
    DoubleType,
    FloatType,
    StringType,
    StructField,
    StructType,
)

from sparkml_sm.errors import InferenceError
from sparkml_sm.formats import csv, libsvm
from sparkml_sm.formats.rows import Floats, dense_matrix
from sparkml_sm.inference.deserializers.arrays import holds_infinity, holds_many, spans
from sparkml_sm.inference.deserializers.base import ResponseRowDeserializer, answered, room
from sparkml_sm.inference.kinds import arrow_type

__all__ = [
    "CSVResponseRowDeserializer",
    "LibSVMResponseRowDeserializer",
    "XGBoostCSVRowDeserializer",
]

# The text of one number with its comma, and the classes that a vector has at least room for.
_DIGITS = 24
_CLASSES = 16
# Memory that the vectors of one answer may take once they are dense.
_DENSE_BYTES = 64 << 20


class XGBoostCSVRowDeserializer(ResponseRowDeserializer):
    """Reads XGBoost's answers in CSV: a number a row, or a row of class probabilities.

    Parameters
    ----------
    prediction_column_name : str, default "prediction"
        The column that `transform` appends.
    vector : bool, default False
        Whether each row's answer is a vector, as with the objective ``multi:softprob``.
    size : int, default 1
        Length of the vector.
    bytesPerRow : int, optional
        How long the answer to one row may be, see `ResponseRowDeserializer`. Default: a guess by
        `size`.
    """

    accept = "text/csv"

    def __init__(
        self,
        prediction_column_name: str = "prediction",
        vector: bool = False,
        size: int = 1,
        *,
        bytesPerRow: int | None = None,
    ) -> None:
        self.prediction_column_name = prediction_column_name
        self.vector = vector
        self.size = size
        self.bytesPerRow = room(bytesPerRow) or _DIGITS * (max(size, _CLASSES) if vector else 1)
        kind: DataType = VectorUDT() if vector else DoubleType()
        self.schema = StructType([StructField(prediction_column_name, kind)])

    def decode(self, body: bytes, rows: int) -> list[Floats]:
        """Return the predictions of `rows` rows."""
        answers = csv.decode_answers(body, rows)
        if answers.ndim > 1 and not self.vector:
            raise InferenceError(
                f"the endpoint answers {answers.shape[1]} numbers a row where one was expected: "
                "for class probabilities pass "
                "responseRowDeserializer=XGBoostCSVRowDeserializer(vector=True)"
            )
        return [answers]


class CSVResponseRowDeserializer(ResponseRowDeserializer):
    """Reads answers in CSV, a line a row, without a header.

    Parameters
    ----------
    schema : StructType
        The columns that `transform` appends, in the order of the fields: numbers, text, booleans,
        dates or times (a TimestampType with its zone). One of them may be a vector: it takes all
        fields that the others leave. An empty field is null, but for text.
    bytesPerRow : int, optional
        How long the answer to one row may be, see `ResponseRowDeserializer`. Default: a guess by
        the schema.
    """

    accept = "text/csv"

    def __init__(self, schema: StructType, *, bytesPerRow: int | None = None) -> None:
        self.schema = schema
        self.bytesPerRow = room(bytesPerRow) or _DIGITS * sum(
            _CLASSES if holds_many(field.dataType) else 1 for field in schema.fields
        )

    def decode(self, body: bytes, rows: int) -> list[Any]:
        """Return a column a field, or a matrix of several fields."""
        fields = self.schema.fields
        one_text = len(fields) == 1 and isinstance(fields[0].dataType, StringType)
        width = 1 if one_text else _width(body)
        if not body or not width:
            raise InferenceError(f"the endpoint was sent {rows} rows and answered none")
        places = spans(self.schema, width)
        kinds: dict[str, pa.DataType] = {}
        for place, field in zip(places, fields, strict=True):
            many = holds_many(field.dataType) or isinstance(field.dataType, FloatType)
            kind = pa.float64() if many else arrow_type(field.dataType)
            kinds.update({f"f{number}": kind for number in range(place.start, place.stop)})
        table = _table(body, kinds, blank=one_text)
        if one_text and len(table) != rows:  # blank lines around the rows
            table = _table(body, kinds, blank=False)
        columns = table.columns
        return [
            _matrix(columns[place]) if holds_many(field.dataType) else columns[place.start]
            for place, field in zip(places, fields, strict=True)
        ]


class LibSVMResponseRowDeserializer(ResponseRowDeserializer):
    """Reads answers in LIBSVM text, 1-based: a label and features a row.

    Parameters
    ----------
    dim : int
        The number of features.
    labelColumnName : str
        A column of doubles.
    featuresColumnName : str
        A column of vectors, which come back dense.
    bytesPerRow : int, optional
        How long the answer to one row may be, see `ResponseRowDeserializer`. Default: a guess by
        `dim`.
    """

    accept = "text/x-libsvm"

    def __init__(
        self,
        dim: int,
        labelColumnName: str,
        featuresColumnName: str,
        *,
        bytesPerRow: int | None = None,
    ) -> None:
        self.dim = dim
        self.labelColumnName = labelColumnName
        self.featuresColumnName = featuresColumnName
        self.bytesPerRow = room(bytesPerRow) or _DIGITS * (1 + min(dim, _CLASSES))
        self.rowsPerRequest = max(1, _DENSE_BYTES // (8 * max(1, dim)))
        self.schema = StructType(
            [
                StructField(labelColumnName, DoubleType()),
                StructField(featuresColumnName, VectorUDT()),
            ]
        )

    def decode(self, body: bytes, rows: int) -> list[Any]:
        """Return labels and features."""
        with answered():
            found = libsvm.decode(body, self.dim)
        if len(found) != rows:
            raise InferenceError(f"the endpoint was sent {rows} rows and answered {len(found)}")
        return [found.label, dense_matrix(found)]


def _width(body: bytes) -> int:
    """Return the number of fields of the first line that is not blank."""
    try:
        lines = stdlib_csv.reader(io.StringIO(body.decode("utf-8", "replace"), newline=""))
        return len(next(filter(None, lines), []))
    except stdlib_csv.Error as error:
        raise _no_csv() from error


def _table(body: bytes, kinds: dict[str, pa.DataType], *, blank: bool) -> pa.Table:
    """Read the columns `kinds`; a blank line is a row where `blank`."""
    if not body.endswith((b"\n", b"\r")):  # which Arrow wants where a text may go over lines
        body += b"\n"
    table = _read(body, kinds, blank)
    infinite = [n for n in kinds if any(map(holds_infinity, table.column(n).chunks))]
    if infinite:  # of the word, or of a number that is too large
        texts = _read(body, dict.fromkeys(kinds, pa.string()), blank)
        for name in infinite:
            of_word = pc.match_substring(texts.column(name), "inf", ignore_case=True)
            if not pc.all(pc.or_(of_word, pc.is_finite(table.column(name)))).as_py():
                raise InferenceError(
                    "a number of the endpoint's answer is too large for 64 bits: answer inf where "
                    "infinity is meant, or declare StringType()"
                )
    return table


def _read(body: bytes, kinds: dict[str, pa.DataType], blank: bool) -> pa.Table:
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(body),
            arrow_csv.ReadOptions(
                column_names=list(kinds), use_threads=False, block_size=len(body) + 1
            ),
            arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=not blank),
            arrow_csv.ConvertOptions(column_types=kinds, null_values=[""]),
        )
    except pa.ArrowInvalid as error:
        raise _no_csv() from error


def _no_csv() -> InferenceError:
    return InferenceError(
        "the endpoint's answer is not CSV of the declared columns: check its Accept and the schema "
        "of the response deserializer; a timestamp needs its zone"
    )


def _matrix(columns: list[pa.ChunkedArray]) -> Floats:
    return (
        np.column_stack([column.to_numpy() for column in columns]) if columns else np.empty((0, 0))
    )
