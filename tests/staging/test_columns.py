from __future__ import annotations

import pytest
from pyspark.ml.feature import HashingTF, Tokenizer
from pyspark.ml.linalg import Vectors
from pyspark.sql import SparkSession

from sparkml_sm.errors import InvalidDataError
from sparkml_sm.staging.columns import row_columns, vector_width


def test_every_kind_of_features_crosses_as_the_same_parts(spark: SparkSession) -> None:
    rows = [(1.0, Vectors.dense(1.0, 2.0), [1.0, 2.0], 1, 2.0)]
    df = spark.createDataFrame(rows, ["label", "vector", "array", "a", "b.c"])
    parts = {"size": -1, "indices": [], "values": [1.0, 2.0]}
    for features in ("array", ["a", "b.c"]):
        [row] = row_columns(df.schema, "label", features, None).select(df).collect()
        assert row.asDict(recursive=True) == {"label": 1.0, **parts}
    [row] = row_columns(df.schema, None, "vector", "a").select(df).collect()
    assert row.asDict(recursive=True) == {"weight": 1.0, **parts}


def test_a_sparse_vector_keeps_its_indices(spark: SparkSession) -> None:
    df = spark.createDataFrame([(Vectors.sparse(5, {3: 2.0}),)], ["features"])
    [row] = row_columns(df.schema, None, "features", None).select(df).collect()
    assert row.asDict() == {"size": 5, "indices": [3], "values": [2.0]}


def test_the_width_is_read_from_spark_mls_own_metadata(spark: SparkSession) -> None:
    df = spark.createDataFrame([("a b",)], ["text"])
    words = Tokenizer(inputCol="text", outputCol="words").transform(df)
    hashed = HashingTF(inputCol="words", outputCol="features", numFeatures=64).transform(words)
    assert vector_width(hashed.schema, "features") == 64
    assert vector_width(df.schema, "text") is None
    assert vector_width(df.schema, ["a", "b", "c"]) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labelCol": "lable"}, r"column 'lable' does not exist: did you mean 'label'\?"),
        ({"labelCol": "LABEL"}, r"did you mean 'label'\?"),
        ({"featuresCol": "nothing_like_it"}, r"there are 'label', 'features'"),
        ({"labelCol": "text"}, r"label column 'text' is string, not a number.*StringIndexer"),
        ({"featuresCol": "text"}, r"features column 'text' is string"),
        ({"featuresCol": "number"}, r"featuresCol=\['number'\]"),
        ({"featuresCol": ["number", "text"]}, r"feature column 'text' is string"),
        ({"featuresCol": []}, r"names no column"),
        ({"featuresCol": "old"}, r"pyspark\.mllib vectors.*convertVectorColumnsToML"),
        ({"weightCol": "text"}, r"weight column 'text' is string"),
    ],
)
def test_a_column_that_cannot_be_used_is_named_with_the_way_out(
    spark: SparkSession, options: dict[str, object], message: str
) -> None:
    from pyspark.mllib.linalg import Vectors as OldVectors

    row = (1.0, Vectors.dense(1.0), "x", 1, OldVectors.dense(1.0))
    df = spark.createDataFrame([row], ["label", "features", "text", "number", "old"])
    chosen = {"labelCol": "label", "featuresCol": "features", "weightCol": None, **options}
    with pytest.raises(InvalidDataError, match=message):
        row_columns(df.schema, **chosen).select(df)  # type: ignore[arg-type]
