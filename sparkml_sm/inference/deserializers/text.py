"""Answers in lines of text: CSV and LIBSVM."""

from __future__ import annotations

import csv as stdlib_csv
import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from pyspark.ml.linalg import VectorUDT
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import DataType, DoubleType, StructField, StructType

from sparkml_sm.errors import InferenceError
from sparkml_sm.formats import csv, libsvm
from sparkml_sm.formats.rows import Floats, dense_matrix
from sparkml_sm.inference.deserializers.arrays import holds_many, spans
from sparkml_sm.inference.deserializers.base import ResponseRowDeserializer, answered

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
    """

    accept = "text/csv"

    def __init__(
        self, prediction_column_name: str = "prediction", vector: bool = False, size: int = 1
    ) -> None:
        self.prediction_column_name = prediction_column_name
        self.vector = vector
        self.size = size
        self.bytesPerRow = _DIGITS * (max(size, _CLASSES) if vector else 1)
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
        dates or times. One of them may be a vector: it takes all fields that the others leave. An
        empty field is null, but for text.
    """

    accept = "text/csv"

    def __init__(self, schema: StructType) -> None:
        self.schema = schema
        self.bytesPerRow = _DIGITS * sum(
            _CLASSES if holds_many(field.dataType) else 1 for field in schema.fields
        )

    def decode(self, body: bytes, rows: int) -> list[Any]:
        """Return a column a field, or a matrix of several fields."""
        lines = stdlib_csv.reader(line.decode("utf-8", "replace") for line in io.BytesIO(body))
        width = len(next(filter(None, lines), []))
        if not width:
            raise InferenceError(f"the endpoint was sent {rows} rows and answered none")
        places = spans(self.schema, width)
        kinds: dict[str, pa.DataType] = {}
        for place, field in zip(places, self.schema.fields, strict=True):
            many = holds_many(field.dataType)
            kind = pa.float64() if many else to_arrow_type(field.dataType)
            kinds.update({f"f{number}": kind for number in range(place.start, place.stop)})
        columns = _table(body, kinds).columns
        return [
            _matrix(columns[place]) if holds_many(field.dataType) else columns[place.start]
            for place, field in zip(places, self.schema.fields, strict=True)
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
    """

    accept = "text/x-libsvm"

    def __init__(self, dim: int, labelColumnName: str, featuresColumnName: str) -> None:
        self.dim = dim
        self.labelColumnName = labelColumnName
        self.featuresColumnName = featuresColumnName
        self.bytesPerRow = _DIGITS * (1 + min(dim, _CLASSES))
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


def _table(body: bytes, kinds: dict[str, pa.DataType]) -> pa.Table:
    if not body.endswith(b"\n"):  # which Arrow wants where a text may go over lines
        body += b"\n"
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(body),
            arrow_csv.ReadOptions(
                autogenerate_column_names=True, use_threads=False, block_size=len(body) + 1
            ),
            arrow_csv.ParseOptions(newlines_in_values=True),
            arrow_csv.ConvertOptions(column_types=kinds, null_values=[""]),
        )
    except pa.ArrowInvalid as error:
        raise InferenceError(
            "the endpoint's answer is not CSV of the declared columns: check its Accept and the "
            "schema of the response deserializer"
        ) from error


def _matrix(columns: list[pa.ChunkedArray]) -> Floats:
    return (
        np.column_stack([column.to_numpy() for column in columns]) if columns else np.empty((0, 0))
    )
