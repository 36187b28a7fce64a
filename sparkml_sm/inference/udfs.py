"""The scalar iterator UDF that carries rows to Python, which differs between Spark versions.

Spark 4.1 and newer hand over Arrow arrays; Spark 3.5 and 4.0 hand over pandas, which costs a
conversion each way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyspark.sql.functions as F
from pyspark.sql import Column
from pyspark.sql.types import StructType

__all__ = ["iterator_udf"]

Score = Callable[[Iterable[pa.Array]], Iterator[list[pa.Array]]]


def iterator_udf(
    score: Score, answers: StructType, sent: pa.DataType
) -> Callable[[Column], Column]:
    """Return a non-deterministic UDF from one column to a struct of `answers`.

    Parameters
    ----------
    score : callable
        Takes an iterator of Arrow arrays, gives the answers' columns in the same order of rows.
    answers : StructType
        Of what `score` gives.
    sent : pyarrow.DataType
        Of the column that crosses.
    """
    build = _arrow_udf if hasattr(F, "arrow_udf") else _pandas_udf
    udf: Any = build(score, answers, sent)
    column: Callable[[Column], Column] = udf.asNondeterministic()
    return column


def _arrow_udf(score: Score, answers: StructType, _sent: pa.DataType) -> Any:
    from pyspark.sql.pandas.functions import arrow_udf

    names = answers.names

    def run(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        for columns in score(batches):
            yield pa.StructArray.from_arrays(columns, names=names)

    decorate: Any = arrow_udf  # its overloads do not know a StructType
    return decorate(answers)(_hinted(run, pa.Array))


def _pandas_udf(score: Score, answers: StructType, sent: pa.DataType) -> Any:
    import pandas as pd
    from pyspark.sql.pandas.functions import pandas_udf

    names = answers.names

    def run(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for columns in score(_from_pandas(batch, sent) for batch in batches):
            yield pd.DataFrame(
                {name: each.to_pandas() for name, each in zip(names, columns, strict=True)}
            )

    decorate: Any = pandas_udf
    return decorate(answers)(_hinted(run, pd.DataFrame))


def _hinted(run: Any, batch: Any) -> Any:
    # Spark reads the kind of a UDF from its annotations, which must be types and not their names.
    run.__annotations__ = {"batches": Iterator[batch], "return": Iterator[batch]}
    return run


def _from_pandas(values: Any, kind: pa.DataType) -> pa.Array:
    if pa.types.is_struct(kind):
        fields = list(kind)
        return pa.StructArray.from_arrays(
            [_from_pandas(values[field.name], field.type) for field in fields], fields=fields
        )
    # Where values nest, a NaN is a value; at the top pandas has no other way to write a null
    # number.
    return pa.array(values, type=kind, from_pandas=not pa.types.is_nested(kind))
