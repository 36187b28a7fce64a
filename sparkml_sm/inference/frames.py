"""Answers beside their rows: the part of scoring that Spark runs.

Only the serializer's column crosses to Python, through a scalar iterator UDF that Spark ties to the
rows by position, so every other column keeps its type. The UDF is marked non-deterministic, which
stops Spark from running it twice where its result is used twice.
"""

from __future__ import annotations

import pyspark.sql.functions as F
from pyspark.ml.functions import array_to_vector
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import Column, DataFrame
from pyspark.sql.types import StructField, StructType

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.inference.checks import checked_answers, checked_converters
from sparkml_sm.inference.kinds import arrow_type, plain_type
from sparkml_sm.inference.scoring import PartitionScorer
from sparkml_sm.inference.udfs import iterator_udf

__all__ = ["output_schema", "scored"]


def output_schema(schema: StructType, answers: StructType, prepend: bool) -> StructType:
    """Return the columns of a scored DataFrame.

    Raises
    ------
    InvalidDataError
        If two columns would have one name.
    ConfigurationError
        If an answer is of a type that cannot cross to Spark.
    """
    checked_answers(answers)
    twice = [name for name in answers.names if name in schema.names]
    if prepend and twice:
        raise InvalidDataError(
            f"the DataFrame already has a column {twice[0]!r}, which the model would append: "
            "rename or drop it, or give the response deserializer another column name"
        )
    return StructType([*schema.fields, *answers.fields] if prepend else list(answers.fields))


def scored(dataset: DataFrame, score: PartitionScorer, prepend: bool) -> DataFrame:
    """Return `dataset` with the columns that `score` answers.

    Nothing is sent before an action runs, and an action sends each row once.

    Parameters
    ----------
    dataset : DataFrame
    score : PartitionScorer
    prepend : bool
        Whether the input's columns are kept in front.

    Returns
    -------
    DataFrame
    """
    checked_converters(score.serializer, score.deserializer)
    answers = score.deserializer.schema
    output_schema(dataset.schema, answers, prepend)
    # The row barrier keeps Spark 4.3 from feeding the UDF a columnar scan that holds vectors, which
    # fails there.
    rows = dataset.filter(F.spark_partition_id() >= 0)
    plain = StructType([StructField(f.name, plain_type(f.dataType)) for f in answers.fields])
    sent = score.serializer.column(dataset.schema)
    crossing = dataset.select(sent).schema[0]
    arrow_type(crossing.dataType)  # refuses what cannot cross before a task does
    answer = iterator_udf(score, plain, crossing)(sent)
    name = _unused_name(dataset.schema)
    columns = [_typed(name, field) for field in answers.fields]
    kept = [_named(each) for each in dataset.columns] if prepend else []
    return rows.withColumn(name, answer).select(*kept, *columns)


def _unused_name(schema: StructType) -> str:
    name = "_answer"
    while name in schema.names:
        name += "_"
    return name


def _named(name: str) -> Column:
    return F.col("`" + name.replace("`", "``") + "`")


def _typed(struct: str, field: StructField) -> Column:
    value = F.col(struct).getField(field.name)
    return (array_to_vector(value) if isinstance(field.dataType, VectorUDT) else value).alias(
        field.name
    )
