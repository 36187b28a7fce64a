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
from pyspark.sql.types import StructField, StructType

from sparkml_sm.inference.carried import answer_frame, carried, restored

__all__ = ["iterator_udf"]

Score = Callable[[Iterable[pa.Array]], Iterator[list[pa.Array]]]
Udf = Callable[[Column], Column]


def iterator_udf(score: Score, answers: StructType, sent: StructField) -> Udf:
    """Return a non-deterministic UDF from one column to a struct of `answers`.

    Parameters
    ----------
    score : callable
        Takes an iterator of Arrow arrays, gives the answers' columns in the same order of rows.
    answers : StructType
        Of what `score` gives.
    sent : StructField
        Of the column that crosses.
    """
    if hasattr(F, "arrow_udf"):
        return _arrow_udf(score, answers)
    return _pandas_udf(score, answers, sent)


def _arrow_udf(score: Score, answers: StructType) -> Udf:
    from pyspark.sql.pandas.functions import arrow_udf

    names = answers.names

    def run(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        for columns in score(batches):
            yield pa.StructArray.from_arrays(columns, names=names)

    decorate: Any = arrow_udf  # its overloads do not know a StructType
    column: Udf = decorate(answers)(_hinted(run, pa.Array)).asNondeterministic()
    return column


def _pandas_udf(score: Score, answers: StructType, sent: StructField) -> Udf:
    import pandas as pd
    from pyspark.sql.pandas.functions import pandas_udf

    names = answers.names

    def run(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        arrays = (restored((each for _, each in batch.items()), sent) for batch in batches)
        for columns in score(arrays):
            yield answer_frame(names, columns)

    decorate: Any = pandas_udf
    call: Udf = decorate(answers)(_hinted(run, pd.DataFrame)).asNondeterministic()

    def column(crossing: Column) -> Column:
        leaves = carried(crossing, sent)
        return call(F.struct(*[leaf.alias(f"_{place}") for place, leaf in enumerate(leaves)]))

    return column


def _hinted(run: Any, batch: Any) -> Any:
    # Spark reads the kind of a UDF from its annotations, which must be types and not their names.
    run.__annotations__ = {"batches": Iterator[batch], "return": Iterator[batch]}
    return run
