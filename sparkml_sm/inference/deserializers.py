"""Response deserializers: an endpoint's answer as columns, one value a row that was sent."""

from __future__ import annotations

import pyarrow as pa
from pyspark.ml.linalg import VectorUDT
from pyspark.sql.types import DataType, DoubleType, StructField, StructType

from sparkml_sm.errors import InferenceError
from sparkml_sm.formats import csv

__all__ = ["ResponseRowDeserializer", "XGBoostCSVRowDeserializer"]


# The text of one number with its comma, and the classes that a vector has at least room for.
_DIGITS = 24
_CLASSES = 16


class ResponseRowDeserializer:
    """The base of all response deserializers.

    A subclass sets `schema` and defines `decode`. Objects are pickled into Spark tasks.

    Attributes
    ----------
    accept : str
        The media type asked for, sent as ``Accept``.
    schema : StructType
        The columns that `transform` appends. Their types are double, vector, or anything that Arrow
        and Spark share.
    bytesPerRow : int, default 64
        How long the answer to one row may be, so that no request asks for more than fits.
    """

    accept: str = "text/csv"
    schema: StructType
    bytesPerRow: int = 64

    def decode(self, body: bytes, rows: int) -> list[pa.Array]:
        """Return the columns of `schema` for the rows of one request.

        Parameters
        ----------
        body : bytes
            The answer.
        rows : int
            How many rows were sent.

        Returns
        -------
        list of pyarrow.Array
            One array a field of `schema`, each of `rows` values; a vector is a list of doubles.

        Raises
        ------
        InferenceError
            If the answer does not hold exactly `rows` rows.
        """
        raise NotImplementedError(f"{type(self).__name__} must define decode(body, rows)")


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
        self.vector = vector
        self.bytesPerRow = _DIGITS * (max(size, _CLASSES) if vector else 1)
        kind: DataType = VectorUDT() if vector else DoubleType()
        self.schema = StructType([StructField(prediction_column_name, kind)])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.schema.names[0]!r}, vector={self.vector})"

    def decode(self, body: bytes, rows: int) -> list[pa.Array]:
        """Return the predictions of `rows` rows."""
        answers = csv.decode_answers(body, rows)
        if not self.vector:
            if answers.ndim == 1:
                return [pa.array(answers, pa.float64())]
            raise InferenceError(
                f"the endpoint answers {answers.shape[1]} numbers a row where one was expected: "
                "for class probabilities pass "
                "responseRowDeserializer=XGBoostCSVRowDeserializer(vector=True)"
            )
        table = answers.reshape(rows, -1)
        offsets = pa.array(range(0, table.size + 1, table.shape[1]), pa.int32())
        return [pa.ListArray.from_arrays(offsets, pa.array(table.ravel(), pa.float64()))]
